"""The table as the largest plane of a depth image, and what stands on it."""

from __future__ import annotations

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from robot.core.errors import NudgeError

_TRIES = 150
_SAMPLES = 3000
_INLIER_M = 0.005
_MIN_INLIERS = 0.2


class NoTable(NudgeError):
    """No plane that holds enough of a depth image."""


def heights_above_table(depth_m: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Metres [H, W] above the largest plane, towards the camera; 0 where the depth is missing.

    RANSAC (Fischler and Bolles 1981) on a sample with a fixed seed, then least squares over its inliers.
    Raises NoTable where no plane holds a fifth of the sample.
    """
    points, valid = _points(depth_m, camera)
    sample = points[valid]
    if len(sample) < 100:
        raise NoTable(f"{len(sample)} pixels have depth; want at least 100: check the depth camera")
    sample = sample[np.linspace(0, len(sample) - 1, min(_SAMPLES, len(sample))).astype(int)]
    normal, offset = _plane(sample)
    return np.where(valid, points @ normal - offset, 0.0)


def _points(depth_m: np.ndarray, camera: PinholeCamera) -> tuple[np.ndarray, np.ndarray]:
    """Points [H, W, 3] in the camera's frame, and where there are any [H, W]."""
    height, width = depth_m.shape
    rows, columns = np.mgrid[0:height, 0:width]
    flat = camera.scaled(width, height).normalised(np.column_stack([columns.ravel(), rows.ravel()]))
    valid = np.isfinite(depth_m) & (depth_m > 0)
    depth = np.where(valid, depth_m, 0.0)
    directions = np.column_stack([flat, np.ones(len(flat))]).reshape(height, width, 3)
    return directions * depth[..., None], valid


def _plane(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Unit normal [3] towards the camera at the origin, and offset: on it, ``points @ normal == offset``."""
    rng = np.random.default_rng(0)
    triples = points[rng.integers(0, len(points), (_TRIES, 3))]
    normals = np.cross(triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    normals, triples = normals[lengths > 1e-9] / lengths[lengths > 1e-9, None], triples[lengths > 1e-9]
    off = np.abs(points @ normals.T - np.einsum("ij,ij->i", normals, triples[:, 0]))  # [N, tries]
    counts = (off < _INLIER_M).sum(axis=0)
    if not len(counts) or counts.max() < _MIN_INLIERS * len(points):
        raise NoTable(f"no plane holds {_MIN_INLIERS:.0%} of the depth image; point the camera at the table")
    inliers = points[off[:, int(np.argmax(counts))] < _INLIER_M]
    centre = inliers.mean(axis=0)
    normal = np.linalg.svd(inliers - centre, full_matrices=False)[2][2]
    if normal @ centre > 0:  # the camera is at the origin
        normal = -normal
    return normal, float(normal @ centre)
