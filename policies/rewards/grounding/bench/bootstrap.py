"""Intervals of numbers that come in groups which are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

RESAMPLES = 1000


def bootstrap(groups: Sequence[np.ndarray], over: Callable[[np.ndarray], Any]) -> dict[str, float | None]:
    """The value of ``over`` (all numbers -> one), its 2.5th and 97.5th percentile; None without numbers.

    Percentile bootstrap (Efron) with a fixed seed. Groups are drawn, not numbers: the views of one scene
    share what makes them hard, so single numbers would give intervals that are too narrow.
    """
    if not groups:
        return {"value": None, "low": None, "high": None}
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(groups), (RESAMPLES, len(groups)))
    values = [over(np.concatenate([groups[i] for i in draw])) for draw in draws]
    low, high = np.percentile(values, (2.5, 97.5))
    return {"value": float(over(np.concatenate(groups))), "low": float(low), "high": float(high)}
