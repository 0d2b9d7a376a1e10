"""An object's colours against those of its surroundings, and the pixels that are likelier the object's."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_BINS = (32, 32, 8)  # red share, green share, brightness
_DARK = 40.0  # r + g + b added before dividing, so that black is no colour
_MARGIN_PX = 4  # pixels at the outline are of neither
_RARE = 0.02  # share of the background's likeliest colour below which a colour counts as not seen before


class ObjectColour:
    """Colour histograms of an object and of the rest of its image.

    Args:
        image: [H, W, 3] uint8 RGB.
        mask: [H, W] bool, the object.
    """

    def __init__(self, image: NDArray[np.uint8], mask: Mask) -> None:
        bins = _bins(image)
        kernel = np.ones((2 * _MARGIN_PX + 1, 2 * _MARGIN_PX + 1), np.uint8)
        rest = cv2.dilate(mask.astype(np.uint8), kernel) == 0
        ours, others = _histogram(bins[mask]), _histogram(bins[rest])
        self._likelier = ours > np.maximum(others, _RARE * others.max())

    def segment(self, image: NDArray[np.uint8]) -> Mask:
        """The pixels [H, W] of an RGB image that are likelier the object's, without specks."""
        found = self._likelier.ravel()[_bins(image)].astype(np.uint8)
        return cv2.medianBlur(found, 3) > 0


def _bins(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    values = cv2.GaussianBlur(image, (3, 3), 0).astype(np.float32)
    total = values.sum(axis=2) + _DARK
    shares = (values[..., :2] + _DARK / 3.0) / total[..., None]
    red, green = np.moveaxis((shares * _BINS[0]).astype(np.int64), 2, 0)
    bright = ((total - _DARK) * (_BINS[2] / 768.0)).astype(np.int64)
    return (red.clip(0, _BINS[0] - 1) * _BINS[1] + green.clip(0, _BINS[1] - 1)) * _BINS[2] + bright


def _histogram(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    counts = np.bincount(bins, minlength=int(np.prod(_BINS))).reshape(_BINS).astype(np.float64)
    for axis in range(3):  # light and shade move a colour to the next bin
        padded = np.pad(counts, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        low, high = (np.take(padded, np.arange(_BINS[axis]) + shift, axis) for shift in (0, 2))
        counts = counts + 0.5 * (low + high)
    return counts / max(counts.sum(), 1.0)
