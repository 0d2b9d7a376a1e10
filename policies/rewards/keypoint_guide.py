"""Drives an arm along a keypoint plan: over the object, down to it, close, along the waypoints."""

from __future__ import annotations

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
_CLOSING_STEPS = 4


class KeypointGuide:
    """A policy of one plan that sees where its tool and the marked point are; for a gripper that points down.

    It can take over at any time, and tries again when it loses what it carries.

    Args:
        plan: whose grasp point and waypoints it goes to, straight, with the tool turned as it is.
        spec: how the plan's arm reads its action.
    """

    def __init__(self, plan: KeypointPlan, spec: ArmActionSpec) -> None:
        self._spec, self._marked = spec, plan.keypoints[GRASP]
        self._way: list[Point] = [*plan.waypoints_m]
        self._phase: Phase = "over"
        self._closed_steps = 0

    def act(self, T_base_tcp: Matrix, object_m: Point | None = None) -> Array:
        """The action [size] of the next control step; without ``object_m`` the object lies where it lay."""
        here, thing = T_base_tcp[:3, 3], self._marked if object_m is None else object_m
        lost = object_m is not None and _apart(here, thing) > _LOST_M
        self._phase = self._next(here, thing, lost)
        goal = T_base_tcp.copy()
        goal[:3, 3] = self._goal(thing)
        gripper = 1.0 if self._phase in ("over", "down") else -1.0
        return self._spec.from_axes(steer.toward(self._spec, T_base_tcp, goal), gripper)

    def _next(self, here: Point, thing: Point, lost: bool) -> Phase:
        if self._phase == "over":
            return "down" if _apart(here, thing + _up()) < _NEAR_M else "over"
        if self._phase == "down":
            aside = float(np.linalg.norm((here - thing)[:2]))
            if aside > _BESIDE_M:
                return "over"
            self._closed_steps = 0
            return "close" if _apart(here, thing) < _NEAR_M else "down"
        if self._phase == "close":
            self._closed_steps += 1
            return "carry" if self._closed_steps >= _CLOSING_STEPS else "close"
        while len(self._way) > 1 and _apart(here, self._way[0]) < _NEAR_M:
            self._way.pop(0)
        return "over" if lost else "carry"

    def _goal(self, thing: Point) -> Point:
        if self._phase == "over":
            return thing + _up()
        return self._way[0] if self._phase == "carry" else thing


def _up() -> Point:
    return np.array([0.0, 0.0, OVER_M])


def _apart(a: Point, b: Point) -> float:
    return float(np.linalg.norm(a - b))
