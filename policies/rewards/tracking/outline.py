"""Points along the outlines of a mask, and inside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.planar_motion import Points
from policies.rewards.tracking.sample_points import eroded

Mask = NDArray[np.bool_]  # [H, W]

_INSET_PX = 2  # inner points keep this far from the outline


def outlines(mask: Mask) -> tuple[Points, Points]:
    """All outline points [M, 2] px of a mask, the longest first, and the directions [M, 2] it ends in."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (5, 5), 0)
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = np.concatenate([c.reshape(-1, 2) for c in sorted(found, key=len, reverse=True)])
    x, y = points.T
    slope = [cv2.Sobel(soft, cv2.CV_32F, *order, ksize=5)[y, x] for order in ((1, 0), (0, 1))]
    normals = -np.column_stack(slope).astype(np.float64)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return points.astype(np.float64), normals / np.maximum(lengths, 1e-9)


def thinned(points: Points, normals: Points, enough: int) -> tuple[Points, Points]:
    """Every so many of the points, so that about ``enough`` are left, at least half of it."""
    stride = 1 + len(points) // enough
    return points[::stride], normals[::stride]


def some_of_outline(mask: Mask, count: int) -> tuple[Points, Points]:
    """Up to ``count`` points [M, 2] evenly along a mask's outlines, and normals."""
    points, normals = outlines(mask)
    picked = _evenly(len(points), count)
    return points[picked], normals[picked]


def inner_points(mask: Mask, count: int) -> Points:
    """Up to ``count`` points [M, 2] px inside a mask, away from its outline."""
    y, x = np.nonzero(eroded(mask, _INSET_PX))
    return np.column_stack([x, y])[_evenly(len(x), count)].astype(np.float64)


def _evenly(of: int, count: int) -> NDArray[np.int64]:
    return np.linspace(0, of, min(count, of), endpoint=False).astype(np.int64)
