"""Cartesian impedance at torque level, 1 kHz: the law a lab's controller runs, on MuJoCo's state."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix, log_so3
from sim.controller import Aim


@dataclass(frozen=True)
class ImpedanceGains:
    """Stiffness and reference clipping as serl_franka_controllers ships them for insertion.

    The damping is higher than its 89 and 7: the twin's joints lack the real arm's friction, and with those
    values a step of 24 mm overshoots by 10 %, with these by 4 %.
    """

    translation_n_per_m: float = 2000.0
    translation_damping: float = 150.0
    rotation_nm_per_rad: float = 150.0
    rotation_damping: float = 10.0
    translation_clip_m: float = 0.008  # the spring never pulls harder than this times its stiffness
    rotation_clip_rad: float = 0.1
    posture_stiffness: float = 10.0
    posture_damping: float = 2.0


class CartesianImpedance:
    """tau = J^T (K e - D v) + posture in the null space + gravity and Coriolis, e clipped.

    Source: Luo et al., SERL (2024), appendix; null space by the damped pseudo-inverse, refreshed at 100 Hz.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        site: str,
        dofs: slice,
        motors: slice,
        gains: ImpedanceGains | None = None,
    ) -> None:
        self.gains = gains or ImpedanceGains()
        self._model, self._dofs = model, dofs
        self._site = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, site)
        self._jacobian = np.zeros((6, model.nv))
        self._joints = self._jacobian[:, dofs]
        self._limit = model.actuator_ctrlrange[motors, 1].copy()
        self._posture = np.zeros(len(self._limit))
        self._null = np.eye(len(self._limit))
        self._count = 0
        g = self.gains
        self._clip = np.repeat([g.translation_clip_m, g.rotation_clip_rad], 3)
        self._stiffness = np.repeat([g.translation_n_per_m, g.rotation_nm_per_rad], 3)
        self._damping = np.repeat([g.translation_damping, g.rotation_damping], 3)

    def reset(self, posture: NDArray[np.float64]) -> None:
        """Start anew around the joint configuration ``posture`` [J]."""
        self._posture = np.array(posture)
        self._count = 0

    def torque(self, data: mujoco.MjData, aim: Aim) -> NDArray[np.float64]:
        """Joint torque [J] Nm toward the reference; call between mj_step1 and mj_step2.

        The reference's own velocity is damped like any other: a fast motion drags behind.
        """
        mujoco.mj_jacSite(self._model, data, self._jacobian[:3], self._jacobian[3:], self._site)
        J = self._joints
        if self._count % 10 == 0:
            self._null = np.eye(J.shape[1]) - J.T @ np.linalg.solve(J @ J.T + 1e-6 * np.eye(6), J)
        self._count += 1
        dq = data.qvel[self._dofs]
        wrench = self._stiffness * self._error(data, aim.position, aim.rotation) - self._damping * (J @ dq)
        g = self.gains
        posture = g.posture_stiffness * (self._posture - data.qpos[self._dofs]) - g.posture_damping * dq
        torque = J.T @ wrench + self._null @ posture + data.qfrc_bias[self._dofs]
        return limited(torque, self._limit)

    def _error(self, data: mujoco.MjData, position: Matrix, rotation: Matrix) -> NDArray[np.float64]:
        error = np.empty(6)
        error[:3] = position - data.site_xpos[self._site]
        error[3:] = small_rotation(data.site_xmat[self._site].reshape(3, 3), rotation)
        return limited(error, self._clip)


def limited(values: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value within plus and minus its limit; np.clip takes several times as long for a few numbers."""
    return np.minimum(np.maximum(values, -limits), limits)


def small_rotation(current: Matrix, wanted: Matrix) -> NDArray[np.float64]:
    """Rotation vector [3] from ``current`` to ``wanted`` in the base frame, exact for small angles."""
    D = wanted @ current.T
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = D.tolist()  # 1000 times a second: plain floats are faster
    if xx + yy + zz < 2.0:  # beyond 60 degrees the cheap form loses its direction
        return log_so3(D)
    return 0.5 * np.array([zy - yz, xz - zx, yx - xy])


def inverse_kinematics(
    model: mujoco.MjModel, data: mujoco.MjData, site: str, dofs: slice, T_base_tcp: Matrix, rounds: int = 100
) -> NDArray[np.float64]:
    """Joint angles [J] near the present ones that put ``site`` at the pose; damped least squares.

    Raises ValueError when the pose cannot be reached within 0.1 mm and 0.001 rad.
    """
    index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, site)
    jacobian = np.zeros((6, model.nv))
    ranges = model.jnt_range[dofs]
    for _ in range(rounds):
        mujoco.mj_kinematics(model, data)
        mujoco.mj_comPos(model, data)
        error = np.empty(6)
        error[:3] = T_base_tcp[:3, 3] - data.site_xpos[index]
        error[3:] = small_rotation(data.site_xmat[index].reshape(3, 3), T_base_tcp[:3, :3])
        if np.linalg.norm(error[:3]) < 1e-4 and np.linalg.norm(error[3:]) < 1e-3:
            return np.array(data.qpos[dofs])
        mujoco.mj_jacSite(model, data, jacobian[:3], jacobian[3:], index)
        J = jacobian[:, dofs]
        step = J.T @ np.linalg.solve(J @ J.T + 1e-5 * np.eye(6), error)
        data.qpos[dofs] = np.clip(data.qpos[dofs] + step, ranges[:, 0], ranges[:, 1])
    raise ValueError(f"no joint configuration reaches {T_base_tcp[:3, 3]} m within 0.1 mm")
