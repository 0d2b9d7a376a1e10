"""Which values of a step are a lesson: of a person's, those of the arms that were in the person's hands."""

from __future__ import annotations

import numpy as np

from robot.core.spec import ActionSpec
from robot.core.types import Array, Source


def taught(spec: ActionSpec, source: np.ndarray, executed: Array, proposed: Array) -> np.ndarray:
    """Of steps with sources [n] and actions [n, A]: [n, A] bool, whole arms at a time.

    A person who drives one arm of two leaves the other to the policy, and what that did is no lesson to it.
    An arm is in the person's hands where it did not do what the policy proposed; if all did, they all are.
    """
    by_hand = np.zeros(executed.shape, bool)
    for arm in spec.arms:
        part = spec.slice_of(arm.arm)
        by_hand[:, part] = (executed[:, part] != proposed[:, part]).any(axis=1, keepdims=True)
    alone = (source != Source.HUMAN) | ~by_hand.any(axis=1)
    return by_hand | alone[:, None]
