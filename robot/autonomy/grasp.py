"""Whether a gripper that held something has lost it."""

from __future__ import annotations

import math

_STEPS = 3  # closing, and kept open by what is between the fingers, for as long: it holds something
_STEADY_M = 0.001


class GraspWatch:
    """Follows one gripper's width. What is thinner than ``empty_m`` it cannot see."""

    def __init__(self, empty_m: float) -> None:
        self._empty_m = empty_m
        self.forget()

    def forget(self) -> None:
        """A new attempt, or the gripper opens."""
        self._closing = self._holds = False
        self._steady, self._width_m = 0, math.inf

    def see(self, width_m: float, gripper: float) -> bool:
        """The width after a control step, the value executed in it; True while what it held is gone."""
        if gripper > 0:
            self.forget()
        self._closing |= gripper < 0
        if not self._closing:
            return False
        if width_m <= self._empty_m:
            return self._holds
        self._steady = self._steady + 1 if abs(width_m - self._width_m) < _STEADY_M else 0
        self._holds |= self._steady >= _STEPS
        self._width_m = width_m
        return False
