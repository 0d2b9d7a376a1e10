"""Bad versions of a good episode, as orders in which its observations come."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 8  # observations; fewer have no middle stretch
Order = NDArray[np.int64]


def reversed_order(first: int, last: int) -> Order:
    """From the goal back to the start: observations ``last`` .. ``first``."""
    return np.arange(last, first - 1, -1)


def stalled_order(first: int, last: int, steps: int) -> Order:
    """All but the last observation, which ends a success; there the arm stands still up to ``steps``."""
    moving = np.arange(first, last)
    return np.concatenate([moving, np.full(max(0, steps + 1 - len(moving)), last - 1)])


def middle(first: int, last: int) -> tuple[int, int]:
    """First and last observation of the middle quarter of ``first`` .. ``last``."""
    count = last - first
    return first + 3 * count // 8, first + 5 * count // 8


def loitering_order(first: int, last: int, steps: int) -> Order:
    """To the middle's end, then over that back and forth in whole loops up to ``steps``; one at least."""
    low, high = middle(first, last)
    loop = np.concatenate([np.arange(high - 1, low - 1, -1), np.arange(low + 1, high + 1)])
    there = np.arange(first, high + 1)
    return np.concatenate([there, np.tile(loop, max(1, (steps + 1 - len(there)) // len(loop)))])
