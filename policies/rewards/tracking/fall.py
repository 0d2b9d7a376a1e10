"""Where an object is that was let go, from one view: below where it was held, not below what it rests on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.rewards.keypoints.lift import MIN_ANGLE_RAD
from policies.rewards.tracking.tracked_view import Sight


def fallen_height(sight: Sight, let_go_m: NDArray[np.float64], floor_m: float) -> float:
    """The height, m, at which a sight's ray passes nearest to the line straight down from ``let_go_m`` [3].

    Between the floor, the lowest an object has rested at, and where it was let go. A camera that looks
    straight down cannot tell, so there the object is taken to have reached the floor.
    """
    origin, directions = sight.camera.rays(sight.pixel)
    across, gap = directions[0, :2], let_go_m[:2] - origin[:2]
    if np.linalg.norm(across) < np.sin(MIN_ANGLE_RAD):
        return floor_m
    height = origin[2] + directions[0, 2] * float(across @ gap) / float(across @ across)
    return float(np.clip(height, min(floor_m, let_go_m[2]), let_go_m[2]))


def nearest_on_ray(sight: Sight, point_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """The point [3] of a sight's ray that is nearest to ``point_m`` [3], base frame."""
    origin, directions = sight.camera.rays(sight.pixel)
    return origin + directions[0] * float(directions[0] @ (point_m - origin))
