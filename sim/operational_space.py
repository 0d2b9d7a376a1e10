"""Operational-space motion control, 1 kHz: what an arm's own stiff motion generator does."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.controller import Aim
from sim.impedance import limited, small_rotation


@dataclass(frozen=True)
class MotionGains:
    """The error dies out critically damped, alike in every direction; a posture in the null space."""

    frequency_radps: float = 60.0  # 10 Hz
    posture_stiffness: float = 10.0  # Nm/rad
    posture_damping: float = 2.0


class OperationalSpace:
    """tau = J^T L (w^2 e + 2 w (v_ref - J dq)) + posture in the null space + gravity and Coriolis.

    L is the tool's inertia as the joints feel it. Unlike an impedance it also follows the reference's
    velocity, so that at 1 m/s the arm is millimetres behind and not centimetres.
    Source: Khatib, "A unified approach for motion and force control of robot manipulators" (1987).
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        site: str,
        dofs: slice,
        motors: slice,
        gains: MotionGains | None = None,
    ) -> None:
        self.gains = gains or MotionGains()
        self._model, self._dofs = model, dofs
        self._site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, site)
        self._jacobian = np.zeros((6, model.nv))
        self._inertia = np.zeros((model.nv, model.nv))
        self._limit = model.actuator_ctrlrange[motors, 1]
        self._posture = np.zeros(len(self._limit))
        self._count = 0

    def reset(self, posture: NDArray[np.float64]) -> None:
        """Start anew around the joint configuration ``posture`` [J]."""
        self._posture = np.array(posture)
        self._count = 0

    def torque(self, data: mujoco.MjData, aim: Aim) -> NDArray[np.float64]:
        """Joint torque [J] Nm toward the moving reference; call between mj_step1 and mj_step2."""
        mujoco.mj_jacSite(self._model, data, self._jacobian[:3], self._jacobian[3:], self._site)
        J = self._jacobian[:, self._dofs]
        if self._count % 10 == 0:
            self._feel_inertia(data, J)
        self._count += 1
        g, dq = self.gains, data.qvel[self._dofs]
        error = np.concatenate(
            [
                aim.position - data.site_xpos[self._site],
                small_rotation(data.site_xmat[self._site].reshape(3, 3), aim.rotation),
            ]
        )
        acceleration = g.frequency_radps**2 * error + 2.0 * g.frequency_radps * (aim.twist - J @ dq)
        posture = g.posture_stiffness * (self._posture - data.qpos[self._dofs]) - g.posture_damping * dq
        torque = J.T @ (self._tool_inertia @ acceleration) + self._null @ posture
        return limited(torque + data.qfrc_bias[self._dofs], self._limit)

    def _feel_inertia(self, data: mujoco.MjData, J: NDArray[np.float64]) -> None:
        mujoco.mj_fullM(self._model, self._inertia, data.qM)
        inverse = np.linalg.inv(self._inertia[self._dofs, self._dofs])
        self._tool_inertia = np.linalg.inv(J @ inverse @ J.T + 1e-4 * np.eye(6))
        self._null = np.eye(J.shape[1]) - J.T @ self._tool_inertia @ J @ inverse
