"""Whether one arm goes nowhere: it is asked to move, and its tool stays in its place."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.autonomy.config import AutonomyConfig
from robot.autonomy.trouble import Trouble
from robot.core.se3 import Matrix, difference
from robot.core.spec import AXES, ArmActionSpec
from robot.core.types import Array, RobotState


@dataclass(frozen=True)
class _Seen:
    T_base_tcp: Matrix
    asked: NDArray[np.float64]  # [6] of the step that led here, shares of the largest action, base frame
    force_n: float
    torque_nm: float


class StuckWatch:
    """Compares what was executed with what was measured over the last control steps.

    Source: FastRLAP (Stachowicz et al., 2023) calls a car stuck whose last 30 positions lie within 0.3 m. An
    arm may rest on purpose, so here it must also have been asked to go somewhere, all in all.
    """

    def __init__(self, spec: ArmActionSpec, config: AutonomyConfig) -> None:
        self._spec, self._config = spec, config
        self._seen: deque[_Seen] = deque(maxlen=config.stuck_steps + 1)

    def forget(self) -> None:
        """What was seen counts no more: a new attempt, or somebody else's hand."""
        self._seen.clear()

    def see(self, state: RobotState, value: Array) -> Trouble:
        """One control step: the measurement at its end, and the value [n] executed in it."""
        wrench = state.wrench.astype(np.float64)
        force, torque = float(np.linalg.norm(wrench[:3])), float(np.linalg.norm(wrench[3:]))
        self._seen.append(_Seen(state.T_base_tcp, self._asked(state, value), force, torque))
        if self._in_place(self._config.jam_steps) and self._pushed():
            return Trouble.JAM
        return Trouble.STUCK if self._in_place(self._config.stuck_steps) else Trouble.NONE

    def _asked(self, state: RobotState, value: Array) -> NDArray[np.float64]:
        axes = np.zeros(6)
        axes[[AXES.index(a) for a in self._spec.axes]] = value[: len(self._spec.axes)]
        R = state.T_base_tcp[:3, :3]
        return np.concatenate([R @ axes[:3], R @ axes[3:]])

    def _in_place(self, steps: int) -> bool:
        rows = list(self._seen)[-steps - 1 :]
        if len(rows) <= steps:
            return False
        asked = np.linalg.norm(sum(r.asked for r in rows[1:]))
        moved, turned = difference(rows[0].T_base_tcp, rows[-1].T_base_tcp)
        c = self._config
        still = np.linalg.norm(moved) < c.moved_m and np.linalg.norm(turned) < c.moved_rad
        return bool(still and asked >= c.asked_share * steps)

    def _pushed(self) -> bool:
        rows: Sequence[_Seen] = list(self._seen)[-self._config.jam_steps :]
        force, torque = np.mean([r.force_n for r in rows]), np.mean([r.torque_nm for r in rows])
        return bool(force >= self._config.jam_force_n or torque >= self._config.jam_torque_nm)
