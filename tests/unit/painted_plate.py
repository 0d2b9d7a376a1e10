"""A red plate in the air or on a table, painted as one oblique camera sees it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan
from robot.core.se3 import transform

REST_M = np.array([0.5, 0.0, 0.02])
HALF_M = 0.025
OPEN, CLOSED = 0.08, 0.04  # m between the fingers


def camera(azimuth_rad: float = 0.0, size: int = 128) -> PinholeCamera:
    """Fixed, half a metre from where the plate rests, 40 degrees above the table."""
    back = np.array([np.cos(0.7) * np.cos(azimuth_rad), np.cos(0.7) * np.sin(azimuth_rad), np.sin(0.7)])
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    R = np.column_stack([right, np.cross(-back, right), -back])
    K = np.array([[1.3 * size, 0, (size - 1) / 2], [0, 1.3 * size, (size - 1) / 2], [0, 0, 1.0]])
    return PinholeCamera(K, np.zeros(5), size, size, transform(R, REST_M + 0.5 * back))


def painted(view: PinholeCamera, plate_m: NDArray[np.float64] | None) -> NDArray[np.uint8]:
    """The picture [H, W, 3] with the plate's middle at a point [3] of base; None: it is hidden."""
    image = np.full((view.height, view.width, 3), (140, 128, 112), np.uint8)
    image += np.random.default_rng(0).integers(0, 4, image.shape, np.uint8)
    if plate_m is not None:
        corners = plate_m + HALF_M * np.array([[1, 1, 0], [1, -1, 0], [-1, -1, 0], [-1, 1, 0]])
        cv2.fillPoly(image, [np.rint(view.project(corners) * 16).astype(np.int32)], (200, 40, 40), shift=4)
    return image


def plan(grasp_m: NDArray[np.float64] = REST_M) -> KeypointPlan:
    """To lift what is at a point [3]."""
    target = grasp_m + np.array([0.0, 0.0, 0.1])
    return KeypointPlan(
        version=1,
        arm="arm",
        task="lift",
        sentence="lift the plate",
        keypoints={GRASP: grasp_m, TARGET: target},
        std_m={GRASP: 0.0, TARGET: 0.0},
        waypoints_m=np.array([grasp_m, target]),
        mask_points_px={},
        confidence=1.0,
        provenance="operator",
        model="",
        prompt_sha="",
        image_shas={},
        calibration_id="",
        created_ns=0,
    )


def tool(position_m: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Pointing down, [4, 4]."""
    return transform(np.diag([1.0, -1.0, -1.0]), position_m)


def at(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> NDArray[np.float64]:
    """So far from where it rests, [3] m of base."""
    return REST_M + np.array([x, y, z])
