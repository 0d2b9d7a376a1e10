"""PRIVILEGED: the point that a plan marked, carried along by the object's pose, which the twin gives away."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from policies.rewards.followed import FollowedPoint, Moment
from policies.rewards.keypoints.plan import GRASP, KeypointPlan
from robot.core.se3 import Matrix, from_rot6d, inverse, transform
from robot.core.types import Arrays

_NEAR_M = 0.06  # further from every object's origin than this a mark is on none of them
_VIEW = "privileged/"


class TrueObject:
    """For tasks of one arm whose ``state`` variant sees objects' poses in the tool centre point's frame."""

    def __init__(self, plan: KeypointPlan, first: Moment) -> None:
        grasp = np.append(plan.keypoints[GRASP], 1.0)
        poses = _poses(first.state, first.T_base_tcp)
        self._name = min(poses, key=lambda n: _apart_m(poses[n], grasp), default="")
        if self._name and _apart_m(poses[self._name], grasp) > _NEAR_M:
            self._name = ""  # what was marked is no object, and stays where it is
        self._point = inverse(poses[self._name]) @ grasp if self._name else grasp

    def follow(self, now: Moment) -> FollowedPoint:
        """Where the marked point is, without doubt."""
        T = _poses(now.state, now.T_base_tcp)[self._name] if self._name else np.eye(4)
        return FollowedPoint((T @ self._point)[:3], 1.0)


def _poses(state: Arrays, T_base_tcp: Matrix) -> Mapping[str, Matrix]:
    seen = {n: v for n, v in state.items() if n.startswith(_VIEW)}
    return {n: T_base_tcp @ transform(from_rot6d(v[3:]), v[:3]) for n, v in seen.items()}


def _apart_m(T: Matrix, point: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(T[:3, 3] - point[:3]))
