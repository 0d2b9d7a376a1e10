"""From what the hands do to what the arm's tool shall do. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.se3 import Matrix, rot_z
from robot.core.types import Array, TeleopCommand
from robot.rig import HandMapping
from teleop.device import Reading


def to_command(
    reading: Reading, mapping: HandMapping, arm: str, T_base_tcp: ArrayLike, stamp_ns: int
) -> TeleopCommand:
    """One device reading as the arm's command, in its tool frame; released hands give exact zeros.

    Args:
        reading: axes [6] in [-1, 1] in the device's own frame: x forward, y left, z up.
        mapping: dead zone, then scale and signs, then the frame that the device's axes stand for.
        arm: the arm it is for.
        T_base_tcp: the tool's present pose [4, 4]; only its rotation matters.
        stamp_ns: of the control step it answers.
    """
    if not reading.engaged:
        return TeleopCommand(stamp_ns, arm, np.zeros(6, np.float32))
    axes = stretch(reading.axes, mapping.dead_zone) * np.array(mapping.signs)
    scale = np.repeat([mapping.translation, mapping.rotation], 3)
    R_tool_hand = _rotation(mapping, np.asarray(T_base_tcp, dtype=np.float64))
    turned = (axes * scale).reshape(2, 3) @ R_tool_hand.T
    return TeleopCommand(stamp_ns, arm, _bounded(turned), reading.gripper, engaged=True)


def stretch(axes: ArrayLike, dead_zone: float) -> NDArray[np.float64]:
    """Zero within the dead zone, then linear up to 1 at full deflection: nothing jumps at its edge."""
    axes = np.asarray(axes, dtype=np.float64)
    return np.sign(axes) * np.maximum(np.abs(axes) - dead_zone, 0.0) / (1.0 - dead_zone)


def _rotation(mapping: HandMapping, T_base_tcp: Matrix) -> Matrix:
    if mapping.frame == "tool":
        return np.eye(3)
    R_tool_base = T_base_tcp[:3, :3].T
    return R_tool_base if mapping.frame == "base" else R_tool_base @ rot_z(mapping.camera_yaw_rad)


def _bounded(twists: NDArray[np.float64]) -> Array:
    # A diagonal push may exceed 1 in the tool's frame: shorten it, so that it keeps its direction.
    largest = np.maximum(np.abs(twists).max(axis=1, keepdims=True), 1.0)
    return np.clip(twists / largest, -1.0, 1.0).reshape(6).astype(np.float32)
