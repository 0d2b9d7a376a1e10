"""What a dense reward needs of whatever follows the object that a plan marked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policies.rewards.keypoints.plan import KeypointPlan
from robot.core.se3 import Matrix
from robot.core.types import Arrays


@dataclass(frozen=True, eq=False)
class Moment:
    """One observation as a reward looks at it, with the plan's arm there."""

    state: Arrays  # name -> [n] float32
    images: Arrays  # camera -> [H, W, 3] uint8
    T_base_tcp: Matrix  # [4, 4]
    gripper_width_m: float


@dataclass(frozen=True, eq=False)
class FollowedPoint:
    """Where the marked point is."""

    point_m: NDArray[np.float64]  # [3] in base
    confidence: float  # (0, 1]


class FollowedObject(Protocol):
    """Asked at every observation of an episode, in order."""

    def follow(self, now: Moment) -> FollowedPoint | None:
        """Where the point is; None where that cannot be said now."""
        ...


# Of a plan and the episode's first observation, in which the object lies where the plan has it. Raises a
# NudgeError where it cannot be followed at all.
MakeObject = Callable[[KeypointPlan, Moment], FollowedObject]
