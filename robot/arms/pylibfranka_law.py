"""Cartesian impedance at torque level for a seven-joint arm, at 1 kHz in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.se3 import Matrix

Joints = NDArray[np.float64]
_TORQUE_LIMIT_NM = 0.9 * np.array(
    [87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0]
)  # the vendor's table, less a margin
_TORQUE_STEP_NM = 0.9  # a cycle; the vendor refuses more than 1000 Nm/s
_REFRESH = 10  # cycles between null space projections
_POSTURE_STIFFNESS, _POSTURE_DAMPING = 10.0, 2.0  # Nm/rad, Nm s/rad


@dataclass(frozen=True)
class Impedance:
    """Spring and damper between the reference and the tool."""

    stiffness_n_per_m: float
    damping_ns_per_m: float
    turn_stiffness_nm_per_rad: float
    turn_damping_nms_per_rad: float
    spring_limit_m: float  # the spring never pulls harder than this times its stiffness
    spring_limit_rad: float


class ImpedanceLaw:
    """tau = J^T (K e + D (v_reference - v)) + posture in the null space + Coriolis; gravity is the vendor's.

    Source: Hogan, "Impedance control" (1985); redundancy by the damped pseudo-inverse's null space
    (Khatib 1987). The damper acts on the difference of velocities, so a moving reference is not held back.
    """

    def __init__(self, impedance: Impedance, posture: Joints) -> None:
        self._posture = np.array(posture)
        self._stiffness = np.repeat([impedance.stiffness_n_per_m, impedance.turn_stiffness_nm_per_rad], 3)
        self._damping = np.repeat([impedance.damping_ns_per_m, impedance.turn_damping_nms_per_rad], 3)
        self._limits = (impedance.spring_limit_m, impedance.spring_limit_rad)
        self._null = np.zeros((7, 7))
        self._cycle = 0

    def torque(
        self,
        T_base_tcp: Matrix,
        q: Joints,
        dq: Joints,
        J: Matrix,
        T_base_reference: Matrix,
        twist: ArrayLike,
        coriolis: Joints,
    ) -> Joints:
        """Joint torques [7] Nm toward the reference [4, 4], which moves with ``twist`` [6]; J is [6, 7]."""
        if self._cycle % _REFRESH == 0:
            self._null = np.eye(7) - J.T @ np.linalg.solve(J @ J.T + 1e-4 * np.eye(6), J)
        self._cycle += 1
        error = np.empty(6)
        error[:3] = _clipped(T_base_reference[:3, 3] - T_base_tcp[:3, 3], self._limits[0])
        error[3:] = _clipped(_rotation(T_base_tcp[:3, :3], T_base_reference[:3, :3]), self._limits[1])
        wrench = self._stiffness * error + self._damping * (np.asarray(twist) - J @ dq)
        posture = _POSTURE_STIFFNESS * (self._posture - q) - _POSTURE_DAMPING * dq
        return J.T @ wrench + self._null @ posture + coriolis


def within_rate(torque: Joints, last: Joints) -> Joints:
    """The torque [7] Nm nearest to the wanted one that the vendor takes after ``last``, the one it has."""
    wanted = np.clip(torque, -_TORQUE_LIMIT_NM, _TORQUE_LIMIT_NM)
    return last + np.clip(wanted - last, -_TORQUE_STEP_NM, _TORQUE_STEP_NM)


def _clipped(v: NDArray[np.float64], longest: float) -> NDArray[np.float64]:
    length = float(np.sqrt(v @ v))
    return v if length <= longest else v * (longest / length)


def _rotation(current: Matrix, wanted: Matrix) -> NDArray[np.float64]:
    """Rotation vector [3] in the base frame, exact for small angles; else its direction counts."""
    D = wanted @ current.T
    return 0.5 * np.array([D[2, 1] - D[1, 2], D[0, 2] - D[2, 0], D[1, 0] - D[0, 1]])
