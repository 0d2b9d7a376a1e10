"""A tool and a socket in an otherwise empty world, and an operator's two waypoints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from policies.tasks.peg_insert import PEG_INSERT
from robot.core.se3 import rot_z, transform
from robot.core.spec import ActionSpec, ArmActionSpec
from robot.core.types import Truth
from robot.task import Waypoint
from teleop.scripted import HandConfig

ARM = ArmActionSpec("arm", ("x", "y", "z", "rz"), 0.01, 0.1)
ABOVE = Waypoint("socket", (0.0, 0.0, 0.02), tolerance_m=0.002, gripper=0.5)
IN = Waypoint("socket", (0.0, 0.0, -0.03), tolerance_m=0.002, dwell_steps=2, lane_m=0.003, gripper=-1.0)
TASK = replace(PEG_INSERT, action=ActionSpec((ARM,)), waypoints=(ABOVE, IN))
STEADY = HandConfig(noise=0.0, pause_probability=0.0, anticipation_s=0.0)


def truth(
    position: tuple[float, float, float], yaw: float = 0.0, step: int = 0, episode_id: int = 0
) -> Truth:
    """The tool at ``position`` in the socket's frame."""
    tool = transform(rot_z(yaw), np.add(position, [0.5, 0.1, 0.03]))
    socket = transform(np.eye(3), [0.5, 0.1, 0.03])
    return Truth(step * 100_000_000, episode_id, {"tool": tool, "socket": socket})
