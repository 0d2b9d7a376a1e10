"""Quaternions xyzw as plain floats: for loops in which numpy's calls would cost more than the arithmetic."""

from __future__ import annotations

Quaternion = tuple[float, float, float, float]  # xyzw


def product(a: Quaternion, b: Quaternion) -> Quaternion:
    """The rotation of ``b`` followed by that of ``a``."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )
