"""The Panda's and the FR3's Jacobian from their joint angles, for drivers whose vendor gives none."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from robot.core.se3 import Matrix

# Modified Denavit-Hartenberg (Craig): a_(i-1) m, d_i m, alpha_(i-1) rad; Franka's FCI documentation.
_DH = (
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -np.pi / 2),
    (0.0, 0.316, np.pi / 2),
    (0.0825, 0.0, np.pi / 2),
    (-0.0825, 0.384, -np.pi / 2),
    (0.0, 0.0, np.pi / 2),
    (0.088, 0.0, np.pi / 2),
)


def jacobian(q: ArrayLike, position_m: ArrayLike) -> Matrix:
    """Geometric Jacobian [6, 7], base frame, of the point ``position_m`` [3] m of the last link."""
    point, T = np.asarray(position_m, dtype=np.float64), np.eye(4)
    columns = []
    for angle, (a, d, alpha) in zip(np.asarray(q, dtype=np.float64), _DH, strict=True):
        T = T @ _link(float(angle), a, d, alpha)
        axis = T[:3, 2]
        columns.append(np.concatenate([np.cross(axis, point - T[:3, 3]), axis]))
    return np.stack(columns, axis=1)


def _link(angle: float, a: float, d: float, alpha: float) -> Matrix:
    ca, sa, ct, st = np.cos(alpha), np.sin(alpha), np.cos(angle), np.sin(angle)
    return np.array(
        [
            [ct, -st, 0.0, a],
            [st * ca, ct * ca, -sa, -d * sa],
            [st * sa, ct * sa, ca, d * ca],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )
