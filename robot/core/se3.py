"""Rigid transforms: 4x4 homogeneous matrices, rotation vectors, 6-D rotations, quaternions in xyzw order."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]
_SMALL = 1e-9


def transform(rotation: ArrayLike, translation: ArrayLike) -> Matrix:
    """``T [4, 4]`` from a rotation [3, 3] and a translation [3] in metres."""
    T = np.eye(4)
    T[:3, :3] = rotation
    T[:3, 3] = translation
    return T


def inverse(T: ArrayLike) -> Matrix:
    """``T_b_a`` from ``T_a_b``."""
    T = np.asarray(T, dtype=np.float64)
    R = T[:3, :3].T
    return transform(R, -R @ T[:3, 3])


def skew(v: ArrayLike) -> Matrix:
    """The matrix [3, 3] with ``skew(v) @ u == cross(v, u)``."""
    x, y, z = np.asarray(v, dtype=np.float64)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def exp_so3(rotvec: ArrayLike) -> Matrix:
    """Rotation matrix [3, 3] of a rotation vector [3] in radians (Rodrigues)."""
    w = np.asarray(rotvec, dtype=np.float64)
    angle = float(np.linalg.norm(w))
    if angle < _SMALL:
        return np.eye(3) + skew(w)
    K = skew(w / angle)
    return np.eye(3) + np.sin(angle) * K + (1.0 - np.cos(angle)) * (K @ K)


def log_so3(R: ArrayLike) -> Matrix:
    """Rotation vector [3] in radians, norm at most pi, of a rotation matrix."""
    x, y, z, w = quat_xyzw(R)
    v = np.array([x, y, z])
    norm = float(np.linalg.norm(v))
    if norm < _SMALL:
        return 2.0 * v
    return v * (2.0 * np.arctan2(norm, w) / norm)


def quat_xyzw(R: ArrayLike) -> Matrix:
    """Unit quaternion [4], w >= 0, of a rotation matrix (largest-component branch, so stable at pi)."""
    R = np.asarray(R, dtype=np.float64)
    trace = R[0, 0] + R[1, 1] + R[2, 2]
    squares = np.array([1 + 2 * R[0, 0] - trace, 1 + 2 * R[1, 1] - trace, 1 + 2 * R[2, 2] - trace, 1 + trace])
    i = int(np.argmax(squares))
    if i == 3:
        q = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1], squares[3]])
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q = np.empty(4)
        q[i] = squares[i]
        q[j] = R[j, i] + R[i, j]
        q[k] = R[k, i] + R[i, k]
        q[3] = R[k, j] - R[j, k]
    q /= np.linalg.norm(q)
    return q if q[3] >= 0 else -q


def from_quat_xyzw(q: ArrayLike) -> Matrix:
    """Rotation matrix [3, 3] of a quaternion [4] in xyzw order; normalised first."""
    x, y, z, w = np.asarray(q, dtype=np.float64) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def rot6d(R: ArrayLike) -> Matrix:
    """First two columns [6] of a rotation: continuous, unlike angles (Zhou et al. 2019)."""
    return np.asarray(R, dtype=np.float64)[:3, :2].T.reshape(6)


def from_rot6d(r: ArrayLike) -> Matrix:
    """Rotation [3, 3] of a 6-D rotation, by Gram-Schmidt."""
    a, b = np.asarray(r, dtype=np.float64).reshape(2, 3)
    x = a / np.linalg.norm(a)
    y = b - (x @ b) * x
    y /= np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def rot_z(angle_rad: float) -> Matrix:
    """Rotation [3, 3] about z."""
    return exp_so3([0.0, 0.0, angle_rad])


def difference(T_base_from: ArrayLike, T_base_to: ArrayLike) -> tuple[Matrix, Matrix]:
    """Translation [3] and rotation vector [3] from one pose to another, both in the base frame."""
    a, b = np.asarray(T_base_from), np.asarray(T_base_to)
    return b[:3, 3] - a[:3, 3], log_so3(b[:3, :3] @ a[:3, :3].T)
