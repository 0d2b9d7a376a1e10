"""The draw of an episode's start: what an unattended reset drives to."""

from __future__ import annotations

import numpy as np

from robot.core.se3 import Matrix, rot_z, transform
from robot.task import StartRange


def draw_start(where: StartRange, upright: Matrix, seed: int) -> Matrix:
    """`T_base_tcp` in the range, the same for the same seed; ``upright`` [3, 3] is the tool's middle turn."""
    rng = np.random.default_rng([seed, 23])  # a stream of its own, next to the scene's
    position = rng.uniform(where.box.low_m, where.box.high_m)
    return transform(upright @ rot_z(rng.uniform(-where.yaw_rad, where.yaw_rad)), position)
