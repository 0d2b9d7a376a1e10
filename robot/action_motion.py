"""From one action a control step to a velocity every guard period, faded in and out."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix
from robot.core.spec import ArmActionSpec
from robot.core.types import Array

# Two box filters in series: at 100 Hz a step of 0.08 m/s costs 1.3 m/s2 and 44 m/s3, one of 0.8 rad/s ten
# times that. The motion comes 35 ms later for it, and its length is unchanged.
_FADE = np.convolve(np.full(6, 1 / 6), np.full(3, 1 / 3))
_REST = np.zeros(6)


class ActionMotion:
    """An action lasts for one control step; what follows is rest, unless another one follows."""

    def __init__(self, spec: ArmActionSpec, control_period_s: float, guard_period_s: float) -> None:
        self._spec, self._period_s = spec, control_period_s
        self._ticks = round(control_period_s / guard_period_s)
        self.drop()

    def take(self, value: Array) -> None:
        """The action [n] of the control step that begins now."""
        translation, rotation = self._spec.delta(value)
        self._twist = np.concatenate([translation, rotation]) / self._period_s
        self._left = self._ticks

    def drop(self) -> None:
        """Nothing is under way any more."""
        self._twist, self._left = _REST, 0
        self._recent: deque[NDArray[np.float64]] = deque([_REST] * len(_FADE), maxlen=len(_FADE))

    def next(self, R_base_tool: Matrix) -> NDArray[np.float64]:
        """The twist [6] of this guard period, in the base frame; exact zeros once all has faded."""
        self._recent.append(self._twist if self._left > 0 else _REST)
        self._left -= self._left > 0
        twist = _FADE @ np.array(self._recent)
        if not twist.any():
            return np.zeros(6)
        return np.concatenate([R_base_tool @ twist[:3], R_base_tool @ twist[3:]])
