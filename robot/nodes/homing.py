"""The way of a rig's arms to an episode's start: only when a person says go, up first, then across."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from robot.core.se3 import Matrix, transform
from robot.core.types import EpisodeStart, RobotState
from robot.guarded_arm import GuardedArm
from robot.rig_control import RigControl

_LIFT_M = 0.001  # less is no lift
WAITING = "waiting for a person: set the scene, take your hands out, then press clear (x)"


class Homing:
    """One episode's way to its start; `advance` once a guard period."""

    def __init__(self, start: EpisodeStart, control: RigControl, starts: Mapping[str, Matrix]) -> None:
        self.start, self._control, self._starts = start, control, starts
        self._legs: list[dict[str, Matrix]] | None = None

    @property
    def waiting(self) -> str:
        """What it waits for, for people; empty while the arms are on their way."""
        return WAITING if self._legs is None else ""

    def go(self) -> None:
        """A person says so; ignored until every arm is heard, and once they are on their way."""
        states = self._control.states()
        if self._legs is not None or any(s is None for s in states):
            return
        known = {s.arm: s for s in states if s is not None}
        lifts = {a.spec.arm: _lifted(a, known[a.spec.arm], self._starts) for a in self._control.arms}
        self._legs = [lifts, dict(self._starts)]
        self._send()

    def advance(self) -> bool:
        """Whether all arms are at their start, and may move; else the next leg begins when one is done."""
        if not self._legs or self._control.stopped or not self._control.devices_ok:
            return False
        if not all([arm.at_home for arm in self._control.arms]):
            return False
        self._legs.pop(0)
        self._send()
        return not self._legs

    def _send(self) -> None:
        for arm in self._control.arms:
            if self._legs:
                arm.go_home(self._legs[0][arm.spec.arm])


def _lifted(arm: GuardedArm, state: RobotState, starts: Mapping[str, Matrix]) -> Matrix:
    """Where the arm is, lifted out of whatever it is in, to its start's height along the tool."""
    up = -np.array(arm.limits.tool_axis) / np.linalg.norm(arm.limits.tool_axis)
    height = float((starts[arm.spec.arm][:3, 3] - state.T_base_tcp[:3, 3]) @ up)
    lift = height if height > _LIFT_M else 0.0
    return transform(state.T_base_tcp[:3, :3], state.T_base_tcp[:3, 3] + lift * up)
