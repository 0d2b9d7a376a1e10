"""What can drive the twin's arm: a law from a reference to joint torques, asked 1000 times a second."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix


class Aim(NamedTuple):
    """Where the tool shall be, and how it moves there, base frame."""

    position: Matrix  # [3] m
    rotation: Matrix  # [3, 3]
    twist: NDArray[np.float64]  # [6] m/s, rad/s


class Controller(Protocol):
    """A law with its gains."""

    def reset(self, posture: NDArray[np.float64]) -> None:
        """Start anew around the joint configuration ``posture`` [J]."""
        ...

    def torque(self, data: mujoco.MjData, aim: Aim) -> NDArray[np.float64]:
        """Joint torque [J] Nm; called between mj_step1 and mj_step2."""
        ...
