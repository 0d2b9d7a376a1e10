"""Deflections [6] in [-1, 1], tool frame, that bring a tool somewhere: shares of an arm's largest action."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix, inverse, log_so3
from robot.core.spec import AXES, ArmActionSpec

Axes = NDArray[np.float64]

GAIN = 0.5  # of what is left, a control step
_EASE_N, _EASE_NM = 10.0, 2.0  # a push of as much is given way to at full size
_SWING_STEPS = 6.0  # of one round


def toward(spec: ArmActionSpec, T_base_tcp: Matrix, T_base_goal: Matrix) -> Axes:
    """Straight to a pose, slower when near; axes that the arm does not have are left alone."""
    T = inverse(T_base_tcp) @ T_base_goal
    left = np.concatenate([T[:3, 3] / spec.translation_scale_m, log_so3(T[:3, :3]) / spec.rotation_scale_rad])
    return bounded(GAIN * left * has(spec))


def out() -> Axes:
    """Back along the tool's own axis: up, where it points down."""
    return np.array([0.0, 0.0, -1.0, 0.0, 0.0, 0.0])


def eased(axes: Axes, wrench: NDArray[np.floating]) -> Axes:
    """The same motion, giving way to what pushes it sideways or turns it: [6] N, Nm on the tool, tool frame.

    A part that was turned or leaned against its hole is held there by its own reference, which is ahead of
    it: pulling alone does not get it out. Along the motion it does not give way: there friction pushes back.
    """
    push, turn = wrench[:3].astype(np.float64) / _EASE_N, wrench[3:].astype(np.float64) / _EASE_NM
    way = axes[:3] / max(float(np.linalg.norm(axes[:3])), 1e-9)
    return bounded(axes + np.concatenate([push - way * (push @ way), turn]))


def swung(axes: Axes, step: int, phase_rad: float, size: float) -> Axes:
    """The same motion, rocking around and turning to and fro by ``size``."""
    angle = phase_rad + 2.0 * np.pi * step / _SWING_STEPS
    return bounded(axes + size * np.array([np.cos(angle), np.sin(angle), 0, 0, 0, np.sin(angle)]))


def bounded(axes: Axes) -> Axes:
    """At most full size; translation and rotation keep their directions."""
    largest = [max(1.0, float(np.abs(axes[part]).max())) for part in (slice(0, 3), slice(3, 6))]
    return axes / np.repeat(largest, 3)


def has(spec: ArmActionSpec) -> Axes:
    """[6] 1 for the axes that the arm moves along or about, else 0."""
    return np.array([float(a in spec.axes) for a in AXES])
