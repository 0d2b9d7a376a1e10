"""A fake of frankx 0.2.0, the calls the bridge makes: a wall at x = 0.6 m, a deadly one at y = 0.5 m.

Runs in the bridge's interpreter, so it imports nothing of Nudge. What frankx does that matters is done here
too: it prints on stdout, `move` returns False on a reflex, and a reflex refuses every motion.
"""

from __future__ import annotations

import math
import os
from typing import Any


class NetworkException(Exception):
    pass


class Affine:
    def __init__(self, array: list[float]) -> None:
        self._array = list(array)
        self.x, self.y, self.z = array[12:15]
        self.a = math.atan2(array[1], array[0])
        self.b = math.asin(max(-1.0, min(1.0, -array[2])))
        self.c = math.atan2(array[6], array[10])

    def array(self) -> list[float]:
        return self._array

    def slerp(self, other: Affine, share: float) -> Affine:
        """Only the translation in between; the turn at once."""
        mixed = list(other.array())
        for i in (12, 13, 14):
            mixed[i] = self._array[i] + share * (other.array()[i] - self._array[i])
        return Affine(mixed)


class Waypoint:
    def __init__(self, affine: Affine) -> None:
        self.affine = affine


class WaypointMotion:
    def __init__(self, waypoints: list[Waypoint]) -> None:
        self.waypoints = waypoints


class Errors:
    cartesian_reflex = False
    joint_reflex = False


class State:
    def __init__(self, pose: list[float], mode: str, errors: Errors) -> None:
        self.O_T_EE, self.robot_mode = pose, f"RobotMode.{mode}"
        self.last_motion_errors = self.current_errors = errors
        self.q = [0.0, -0.785, 0.0, -2.356, 0.0, 1.571, 0.785]
        self.dq = [0.1] + [0.0] * 6
        self.tau_J, self.tau_ext_hat_filtered = [0.0] * 7, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]


class Robot:
    def __init__(
        self, host: str, dynamic_rel: float, repeat_on_error: bool, stop_at_python_signal: bool
    ) -> None:
        if host == "127.0.0.215":
            raise NetworkException("libfranka: Connection to FCI refused.")
        assert not repeat_on_error, "frankx would recover reflexes by itself"
        self._pose = [1.0, 0, 0, 0, 0, -1.0, 0, 0, 0, 0, -1.0, 0, 0.4, 0.0, 0.3, 1.0]  # the tool points down
        self._mode, self._errors = "Idle", Errors()
        self._locked = False  # a recovery will be refused

    def set_default_behavior(self) -> None: ...

    def set_EE(self, T: list[float]) -> None:
        """Turned about x by half a turn: the second and third axis change sign."""
        assert T[5] == T[10] == -1.0
        self._pose[4:12] = [-v for v in self._pose[4:12]]

    def get_state(self) -> State:
        return State(list(self._pose), self._mode, self._errors)

    def move(self, motion: WaypointMotion) -> bool:
        print("[frankx] noise on stdout")  # noqa: T201
        goal = motion.waypoints[-1].affine.array()
        if self._mode == "Reflex" or goal[12] > 0.6:
            self._mode, self._errors.cartesian_reflex = "Reflex", True
            self._locked = goal[14] < 0.2
            return False
        if goal[13] > 0.5:
            os.abort()
        self._pose = list(goal)
        return True

    def recover_from_errors(self) -> bool:
        if self._locked:
            self._locked = False
            return False
        self._mode, self._errors = "Idle", Errors()
        return True


class Gripper:
    def __init__(self, host: str) -> None:
        self._width = 0.08

    def width(self) -> float:
        return self._width

    def move(self, width: float, speed: float) -> bool:
        self._width = width
        return True

    def grasp(self, width: float, *rest: Any) -> bool:
        self._width = max(width, 0.03)  # a thing between the fingers
        return True
