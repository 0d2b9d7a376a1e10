"""Confidence from asking several times: how far do the plans agree?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan, PlanError

RADIUS_M = 0.03


def most_agreed(plans: Sequence[KeypointPlan], asked: int, radius_m: float = RADIUS_M) -> KeypointPlan:
    """The plan that most others agree with, its confidence multiplied by their share of all ``asked``.

    Two agree where grasp and target are within ``radius_m``. A reply that gave no plan counts as not
    agreeing: ``asked`` may exceed the plans. The first of equals is taken. PlanError without any plan.
    """
    if not plans or asked < len(plans):
        raise PlanError([f"{len(plans)} plans from {asked} questions: nothing to agree on; ask again"])
    ends = np.array([[p.keypoints[GRASP], p.keypoints[TARGET]] for p in plans])  # [P, 2, 3]
    apart = np.linalg.norm(ends[:, None] - ends[None], axis=-1).max(axis=-1)  # [P, P]
    agreeing = (apart <= radius_m).sum(axis=1)
    best = int(np.argmax(agreeing))
    return plans[best].changed(confidence=plans[best].confidence * float(agreeing[best]) / asked)
