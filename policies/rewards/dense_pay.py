"""What labels pay a learner, step by step, by either rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policies.replay.look_ahead import DenseRule
from policies.rewards.shaping.shaped_reward import episode_shaping


def dense_pay(
    labels: ArrayLike, reward: ArrayLike, terminated: bool, kind: DenseRule, discount: float
) -> NDArray[np.float64]:
    """The dense reward [T] of each step, beside its sparse one, as the replay pays it.

    Args:
        labels: [T + 1] of the observations.
        reward: [T] the recorded sparse reward; a step that earned some gets no dense reward of kind "reward".
        terminated: whether the last step ended the episode for good.
        kind: what labels are: "potential", "reward", or "none", which pays nothing.
        discount: of one control step.
    """
    values, sparse = np.asarray(labels, np.float64), np.asarray(reward, np.float64)
    if kind == "potential":
        return episode_shaping(values, terminated, discount)
    return np.where(sparse <= 0, values[1:], 0.0) if kind == "reward" else np.zeros(len(sparse))


def discounted(pay: ArrayLike, discount: float) -> float:
    """The return of rewards [T] from their first step."""
    values = np.asarray(pay, np.float64)
    return float(values @ discount ** np.arange(len(values)))
