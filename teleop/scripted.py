"""The simulated operator's hands: steer through waypoints like a person, with noise, pauses, finite speed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from robot.core.se3 import Matrix, inverse
from robot.core.spec import ArmActionSpec
from robot.core.types import Array, Truth
from robot.task import Waypoint

_M_PER_RAD = 0.05  # of way that a turn counts for
_GRIP_M = 0.03  # a thing is held well enough as long as the hand is so near to where it should take it


@dataclass(frozen=True)
class HandConfig:
    """How human the hands are."""

    gain: float = 0.5  # fraction of the remaining error a control step aims to take away
    anticipation_s: float = 0.12  # a person knows that the arm is still on its way
    noise: float = 0.1  # of full deflection, correlated over `noise_memory`
    noise_memory: float = 0.7
    pause_probability: float = 0.03  # a step
    pause_steps: tuple[int, int] = (2, 5)


@dataclass(frozen=True)
class Errors:
    """What is left to the present waypoint, in the tool's frame."""

    translation_m: Matrix  # [3]
    yaw_rad: float

    def within(self, waypoint: Waypoint) -> bool:
        """Whether the waypoint counts as reached."""
        near = float(np.linalg.norm(self.translation_m)) < waypoint.tolerance_m
        return near and abs(self.yaw_rad) < waypoint.tolerance_rad


class ScriptedHand:
    """Works through a task's waypoints by what it sees in the twin's truth (PRIVILEGED)."""

    def __init__(
        self,
        arm: ArmActionSpec,
        waypoints: tuple[Waypoint, ...],
        config: HandConfig | None = None,
        tool: str = "tool",
    ) -> None:
        self._arm, self._waypoints, self._tool = arm, waypoints, tool
        self._config = config or HandConfig()
        # Where the fingers close on what the next waypoint carries.
        self._grasp = next((i - 1 for i, w in enumerate(waypoints) if w.holding), None)
        self.begin(0)

    def begin(self, seed: int, arm: int = 0) -> None:
        """Forget the last episode; the hand of each ``arm``, counted from 0, trembles in its own way."""
        self._rng = np.random.default_rng([seed, 17, arm])
        self._noise = np.zeros(6)
        self.index, self._dwell, self._pause = 0, 0, 0
        self._last: tuple[int, int, Errors] | None = None

    def begin_again(self) -> None:
        """Back to the first waypoint, in the middle of an episode."""
        self.index, self._dwell = 0, 0

    @property
    def waypoint(self) -> Waypoint:
        """Where the hand is going."""
        return self._waypoints[self.index]

    @property
    def arrived(self) -> bool:
        """Whether this waypoint is done, with its dwell: then the hand waits, or goes to the next one."""
        return self._dwell > self.waypoint.dwell_steps

    def waits(self, truth: Truth) -> bool:
        """Whether the arm is where this waypoint is done, and the next one comes after another arm's."""
        ahead = self._waypoints[self.index + 1 : self.index + 2]
        there = self.arrived and self.errors(truth).within(self.waypoint)
        return there and any(w.after for w in ahead)

    @property
    def done(self) -> frozenset[str]:
        """Names of the waypoints that are done."""
        passed = self._waypoints[: self.index + int(self.arrived)]
        return frozenset(w.name for w in passed)

    def errors(self, truth: Truth) -> Errors:
        """Distance to the present waypoint."""
        return self._errors_to(self.waypoint, truth)

    def remaining_m(self, truth: Truth) -> float:
        """Length of the shortest way to the last waypoint, with turning as `_M_PER_RAD`.

        A point that is only passed may be left out: who watches an arm that cuts a corner sees it get on.
        """
        ahead = self._waypoints[self.index :]
        after = [*np.cumsum([_apart_m(a, b, truth) for a, b in pairwise(ahead)][::-1])[::-1], 0.0]
        ways = []
        for i, waypoint in enumerate(ahead):
            errors = self._errors_to(waypoint, truth)
            there = float(np.linalg.norm(errors.translation_m)) + _M_PER_RAD * abs(errors.yaw_rad)
            ways.append(there + float(after[i]))
            if i + 1 == len(ahead) or not _only_passed(waypoint, ahead[i + 1]):
                break
        return min(ways)

    def advance(self, truth: Truth, done: frozenset[str] = frozenset()) -> None:
        """Go to the next waypoint where this one is reached, back to the last one where that is undone.

        It is where the lane is left, or where fingers are to close and are not around the object any more.
        What the arm holds already, whoever closed its fingers, need not be taken again.

        ``done`` names the waypoints of other arms that need not be waited for any more.
        """
        if self._grasp is not None and self.index < self._grasp and self._holds(truth):
            self.index, self._dwell = self._grasp, 0
        errors = self.errors(truth)
        reached = self._holds(truth) if self.index == self._grasp else errors.within(self.waypoint)
        off_lane = self._off_lane_m(truth, errors) > self.waypoint.lane_m
        if self.index > 0 and (off_lane or (self._missed(errors) and not reached)):
            self.index, self._dwell = self.index - 1, 0
        elif reached or self._passed(errors):
            self._dwell += 1
        self._go_on(done)

    def lost(self, truth: Truth) -> bool:
        """Whether what the hand should carry on this way is not in it any more."""
        return self.waypoint.holding and not self._holds(truth)

    def _go_on(self, done: frozenset[str]) -> None:
        if self.arrived and self.index < len(self._waypoints) - 1:
            after = self._waypoints[self.index + 1].after
            if not after or after in done:
                self.index, self._dwell = self.index + 1, 0

    def _holds(self, truth: Truth) -> bool:
        assert self._grasp is not None
        errors = self._errors_to(self._waypoints[self._grasp], truth)
        return truth.held[self._arm.arm] and float(np.linalg.norm(errors.translation_m)) < _GRIP_M

    def _errors_to(self, waypoint: Waypoint, truth: Truth) -> Errors:
        T_tool_goal = inverse(truth.poses[self._tool]) @ truth.poses[waypoint.frame]
        goal = T_tool_goal[:3, 3] + T_tool_goal[:3, :3] @ np.array(waypoint.position_m)
        return Errors(goal, _square_yaw(T_tool_goal))

    def _off_lane_m(self, truth: Truth, errors: Errors) -> float:
        off = errors.translation_m
        if self.waypoint.lane is not None:
            what, frame = (truth.poses[name] for name in self.waypoint.lane)
            off = (inverse(frame) @ what)[:3, 3]
        return float(np.hypot(*off[:2]))

    def _missed(self, errors: Errors) -> bool:
        # Another drove the arm away, or the object moved: fingers that close there close on nothing.
        before, here = self._waypoints[self.index - 1], self.waypoint
        in_place = (before.frame, before.position_m) == (here.frame, here.position_m)
        return in_place and before.gripper != here.gripper and not errors.within(here)

    def _passed(self, errors: Errors) -> bool:
        # Already beyond an approach point along the tool's axis and in line with it: no need to go back.
        # Where a hand is to stay for a while is no such point.
        if self.waypoint.dwell_steps:
            return False
        w, sideways = self.waypoint, float(np.hypot(*errors.translation_m[:2]))
        in_line = sideways < w.tolerance_m and abs(errors.yaw_rad) < w.tolerance_rad
        return in_line and errors.translation_m[2] < 0.0

    def deflection(self, truth: Truth) -> tuple[Array, float]:
        """Axes [6] in [-1, 1] and gripper command that a person would give now."""
        c = self._config
        errors = self.errors(truth)
        coming_m, coming_rad = self._coming(truth, errors)
        wanted = np.zeros(6)
        wanted[:3] = (errors.translation_m - coming_m) * c.gain / self._arm.translation_scale_m
        wanted[5] = (errors.yaw_rad - coming_rad) * c.gain / self._arm.rotation_scale_rad
        wanted *= self.waypoint.speed / max(1.0, float(np.abs(wanted).max()))
        fresh = self._rng.normal(size=6) * c.noise * np.sqrt(1 - c.noise_memory**2)
        self._noise = c.noise_memory * self._noise + fresh
        if self._pausing():
            return np.zeros(6, np.float32), self.waypoint.gripper
        near = min(1.0, 0.1 + float(np.abs(wanted).max()))  # a person trembles less when aiming
        return np.clip(wanted + near * self._noise, -1, 1).astype(np.float32), self.waypoint.gripper

    def _coming(self, truth: Truth, errors: Errors) -> tuple[Matrix, float]:
        # What the motion seen between two looks will still bring; nothing is known at the first look.
        last, self._last = self._last, (truth.stamp_ns, self.index, errors)
        if last is None or last[1] != self.index or last[0] >= truth.stamp_ns:
            return np.zeros(3), 0.0
        share = self._config.anticipation_s / ((truth.stamp_ns - last[0]) * 1e-9)
        moved = last[2].translation_m - errors.translation_m
        return moved * share, (last[2].yaw_rad - errors.yaw_rad) * share

    def _pausing(self) -> bool:
        if self._pause == 0 and self._rng.random() < self._config.pause_probability:
            self._pause = int(self._rng.integers(*self._config.pause_steps))
        self._pause = max(0, self._pause - 1)
        return self._pause > 0


def _only_passed(waypoint: Waypoint, following: Waypoint) -> bool:
    """Whether nothing is done at a waypoint, so that the next one can be made for at once."""
    return not waypoint.dwell_steps and waypoint.gripper == following.gripper and not following.after


def _apart_m(one: Waypoint, other: Waypoint, truth: Truth) -> float:
    here, there = (truth.poses[w.frame] @ np.array([*w.position_m, 1.0]) for w in (one, other))
    return float(np.linalg.norm(there - here))


def _square_yaw(T_tool_goal: Matrix) -> float:
    """Turn about the tool's z that lines its x up with the goal's, to the nearest quarter turn."""
    angle = float(np.arctan2(T_tool_goal[1, 0], T_tool_goal[0, 0]))
    return (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
