"""The way one tool came, thinned, to go back along."""

from __future__ import annotations

from collections import deque

import numpy as np

from robot.core.se3 import Matrix, difference

_SPACING_M, _SPACING_RAD = 0.003, 0.05
_AHEAD_M, _AHEAD_RAD = 0.008, 0.1  # a pose nearer than both is passed
_LONGEST = 1000


class Trail:
    """Poses `T_base_tcp` of an attempt, the oldest first."""

    def __init__(self) -> None:
        self._poses: deque[Matrix] = deque(maxlen=_LONGEST)

    def forget(self) -> None:
        """A new attempt."""
        self._poses.clear()

    def add(self, T_base_tcp: Matrix) -> None:
        """The tool is here now."""
        if not self._poses or not _within(self._poses[-1], T_base_tcp, _SPACING_M, _SPACING_RAD):
            self._poses.append(np.array(T_base_tcp))

    def back(self, T_base_tcp: Matrix) -> Matrix | None:
        """Where to go next on the way back from here; what was passed is forgotten. None at its beginning."""
        while self._poses and _within(self._poses[-1], T_base_tcp, _AHEAD_M, _AHEAD_RAD):
            self._poses.pop()
        return self._poses[-1] if self._poses else None


def _within(a: Matrix, b: Matrix, near_m: float, near_rad: float) -> bool:
    moved, turned = difference(a, b)
    return bool(np.linalg.norm(moved) < near_m and np.linalg.norm(turned) < near_rad)
