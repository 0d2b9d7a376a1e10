"""Pyramidal Lucas-Kanade flow of points, with the way back as a check."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # [N, 2] px
Gray = NDArray[np.uint8]  # [H, W]

_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)


def flow(
    before: Gray, after: Gray, points: Points, window_px: int, levels: int, return_px: float
) -> tuple[Points, NDArray[np.bool_]]:
    """Where points [N, 2] of one gray image are in the next, and which [N] came back within ``return_px``.

    ``levels`` is how often the images are halved for the coarse start.

    Coming back is one vote and no proof: points that slide along an edge, or with whatever passes over them,
    come back perfectly.
    """
    if not len(points):
        return points, np.zeros(0, bool)
    here = points.astype(np.float32)[:, None]
    there, forward = _lucas_kanade(before, after, here, window_px, levels)
    back, backward = _lucas_kanade(after, before, there, window_px, levels)
    returned = np.linalg.norm((back - here)[:, 0], axis=1) <= return_px
    ok = returned & (forward.ravel() == 1) & (backward.ravel() == 1)
    return there[:, 0].astype(np.float64), ok


def _lucas_kanade(
    before: Gray, after: Gray, points: NDArray[np.float32], window_px: int, levels: int
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    there, status, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        points,
        np.zeros_like(points),
        winSize=(window_px, window_px),
        maxLevel=levels,
        criteria=_STOP,
        minEigThreshold=1e-5,
    )
    return np.asarray(there, np.float32), np.asarray(status, np.uint8)
