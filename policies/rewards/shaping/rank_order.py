"""How often the better of a pair scores higher."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def rank_order(good: ArrayLike, bad: ArrayLike) -> float:
    """Share of pairs with ``good`` [N] above ``bad`` [M]: the area under the ROC curve; ties count half."""
    difference = np.asarray(good, np.float64)[:, None] - np.asarray(bad, np.float64)[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
