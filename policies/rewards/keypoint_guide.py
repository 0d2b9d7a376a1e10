"""Drives an arm along a keypoint plan: over the object, down to it, close, along the waypoints."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policies.rewards.keypoints.plan import GRASP, KeypointPlan
from robot.autonomy import steer
from robot.core.se3 import Matrix
from robot.core.spec import ArmActionSpec
from robot.core.types import Array

Point = NDArray[np.float64]  # [3] m in the base frame of the plan's arm
Phase = Literal["over", "down", "close", "carry"]

OVER_M = 0.05  # above the object, where the tool comes down from with its gripper open
_NEAR_M = 0.008
_BESIDE_M = 0.015  # from the way down, at most
_LOST_M = 0.03  # from the tool to what it carries
_CLOSING_STEPS, _STEADY_M = 4, 0.001  # at least, and until the fingers stand still


class KeypointGuide:
    """A policy of one plan that sees where its tool and the marked point are; for a gripper that points down.

    It can take over at any time, and tries again when it loses what it carries.

    Args:
        plan: whose grasp point and waypoints it goes to, straight, with the tool turned as it is.
        spec: how the plan's arm, which has a gripper, reads its action.
        closed: the gripper is closing or closed where it takes over, maybe on the object.
    """

    def __init__(self, plan: KeypointPlan, spec: ArmActionSpec, closed: bool = False) -> None:
        self._spec, self._thing = spec, plan.keypoints[GRASP]
        self._waypoints = plan.waypoints_m[1:]  # the first is the grasp
        self._way: list[Point] = []
        self._phase: Phase = "close" if closed else "over"
        self._closed_steps, self._width_m = 0, math.inf

    def act(self, T_base_tcp: Matrix, object_m: Point | None, gripper_width_m: float) -> Array:
        """The action [size] of the next control step; an object not seen now is where it was seen last."""
        here = T_base_tcp[:3, 3]
        self._thing = self._thing if object_m is None else object_m
        lost = object_m is not None and _apart(here, self._thing) > _LOST_M
        self._phase = self._next(here, lost, gripper_width_m)
        self._width_m = gripper_width_m
        goal = T_base_tcp.copy()
        goal[:3, 3] = self._goal()
        gripper = 1.0 if self._phase in ("over", "down") else -1.0
        return self._spec.from_axes(steer.toward(self._spec, T_base_tcp, goal), gripper)

    def _next(self, here: Point, lost: bool, width_m: float) -> Phase:
        if self._phase == "over":
            return "down" if _apart(here, self._thing + _up()) < _NEAR_M else "over"
        if self._phase == "down":
            aside_m = float(np.linalg.norm((here - self._thing)[:2]))
            there = _apart(here, self._thing) < _NEAR_M
            self._closed_steps = 0
            return "over" if aside_m > _BESIDE_M else "close" if there else "down"
        if lost:
            return "over"
        return self._grasp(width_m) if self._phase == "close" else self._carry(here)

    def _grasp(self, width_m: float) -> Phase:
        self._closed_steps += 1
        if self._closed_steps < _CLOSING_STEPS or abs(width_m - self._width_m) > _STEADY_M:
            return "close"
        self._way = [*self._waypoints]
        return "carry"

    def _carry(self, here: Point) -> Phase:
        while len(self._way) > 1 and _apart(here, self._way[0]) < _NEAR_M:
            self._way.pop(0)
        return "carry"

    def _goal(self) -> Point:
        if self._phase == "over":
            return self._thing + _up()
        return self._way[0] if self._phase == "carry" else self._thing


def _up() -> Point:
    return np.array([0.0, 0.0, OVER_M])


def _apart(a: Point, b: Point) -> float:
    return float(np.linalg.norm(a - b))
