"""Features that find an object again after it was hidden, moved far or drifted from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.frame import Window

_RATIO = 0.8  # the best match must be this much nearer than the second (Lowe 2004)
_CONTRAST = 0.015  # below OpenCV's 0.04: small objects have few features


@dataclass(frozen=True)
class Features:
    """SIFT features of (a part of) an image."""

    points_px: NDArray[np.float64]  # [M, 2]
    descriptors: NDArray[np.float32]  # [M, 128]


def detect(gray: NDArray[np.uint8], window: Window, scale: float) -> Features:
    """The features in a window of a gray image shrunk by ``scale``, in pixels of the image as it was."""
    part = window.cut(gray)
    if scale < 1.0:
        part = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    found, descriptors = cv2.SIFT.create(contrastThreshold=_CONTRAST).detectAndCompute(part, None)
    if not found:
        return Features(np.zeros((0, 2)), np.zeros((0, 128), np.float32))
    shrunk = np.array([part.shape[1], part.shape[0]])
    whole = np.array([window.right - window.left, window.bottom - window.top])
    points = (np.array([f.pt for f in found], np.float64) + 0.5) * (whole / shrunk) - 0.5  # pixel centres
    return Features(points + window.corner, np.asarray(descriptors, np.float32))


def inside(features: Features, mask: NDArray[np.bool_]) -> Features:
    """Those that lie on a mask [H, W]."""
    x, y = np.rint(features.points_px).astype(np.int64).T
    height, width = mask.shape
    on = mask[y.clip(0, height - 1), x.clip(0, width - 1)]
    return Features(features.points_px[on], features.descriptors[on])


def match(first: Features, second: Features) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pairs of points [K, 2], [K, 2] px whose descriptors fit each other and nothing else nearly as well."""
    if len(first.points_px) < 2 or len(second.points_px) < 2:
        return np.zeros((0, 2)), np.zeros((0, 2))
    pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(first.descriptors, second.descriptors, k=2)
    good = [best for best, next_best in pairs if best.distance < _RATIO * next_best.distance]
    here = first.points_px[[m.queryIdx for m in good]]
    return here.reshape(-1, 2), second.points_px[[m.trainIdx for m in good]].reshape(-1, 2)
