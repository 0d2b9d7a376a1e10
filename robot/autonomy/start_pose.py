"""The draw of an episode's start: what an unattended reset drives to."""

from __future__ import annotations

import numpy as np

from robot.core.se3 import Matrix, rot_z, transform
from robot.task import StartRange


def draw_start(where: StartRange, T_base_start: Matrix, seed: int) -> Matrix:
    """`T_base_tcp` in the range around the rig's own start pose; the same for the same seed."""
    rng = np.random.default_rng([seed, 23])  # a stream of its own, next to the scene's
    offset = rng.uniform(-1.0, 1.0, 3) * where.spread_m
    turn = rot_z(rng.uniform(-where.yaw_rad, where.yaw_rad))
    return transform(T_base_start[:3, :3] @ turn, T_base_start[:3, 3] + offset)
