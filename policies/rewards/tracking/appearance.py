"""Whether patches of two aligned images show the same thing: by pattern and by colour."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Pixels = NDArray[np.int64]  # [N, 2] x, y
Patches = NDArray[np.float32]  # [N, P] one window a row

_PLAIN = 3.0  # grey levels of standard deviation: what is plainer has no pattern to compare
_DARK = 40.0  # r + g + b added before dividing, so that black is no colour


def chroma(image: NDArray[np.uint8], mask: NDArray[np.bool_], window_px: int) -> NDArray[np.float32]:
    """Red and green shares [H, W, 2] of an RGB image: means over a window in a mask, free of brightness."""
    on, side = mask.astype(np.float32), (window_px, window_px)
    mean = cv2.boxFilter(image.astype(np.float32) * on[..., None], -1, side)
    mean = mean / np.maximum(cv2.boxFilter(on, -1, side), 1e-3)[..., None]
    return (mean[..., :2] + _DARK / 3.0) / (mean.sum(axis=2, keepdims=True) + _DARK)


def evened(gray: NDArray[np.uint8], window_px: int) -> NDArray[np.uint8]:
    """A gray image [H, W] with the same mean and contrast everywhere: flow takes brightness for constant."""
    side, values = (2 * window_px + 1, 2 * window_px + 1), gray.astype(np.float32)
    mean = cv2.boxFilter(values, -1, side)
    deviation = np.sqrt(np.maximum(cv2.boxFilter(values**2, -1, side) - mean**2, 0.0))
    return np.clip(128.0 + 50.0 * (values - mean) / (deviation + _PLAIN), 0, 255).astype(np.uint8)


def patches(values: NDArray, pixels: Pixels, window_px: int) -> NDArray[np.float32]:
    """The windows [N, window_px ** 2] around pixels of an image or mask [H, W]; 0 beyond its edge."""
    half = window_px // 2
    padded = cv2.copyMakeBorder(values.astype(np.float32), half, half, half, half, cv2.BORDER_CONSTANT)
    windows = sliding_window_view(padded, (window_px, window_px))
    return np.asarray(windows[pixels[:, 1], pixels[:, 0]], np.float32).reshape(len(pixels), -1)


def correlation(a: Patches, b: Patches, on: Patches) -> NDArray[np.float32]:
    """Normalised cross-correlation [N] in [-1, 1] of two sets of windows, where ``on`` is 1.

    A change of brightness or contrast leaves it; a window without pattern in either set scores 0.
    """
    a, b = _centred(a, on), _centred(b, on)
    deviations = _deviation(a, on), _deviation(b, on)
    product = on.sum(axis=1) * deviations[0] * deviations[1]
    patterned = np.minimum(*deviations) >= _PLAIN
    return np.where(patterned, np.sum(a * b, axis=1) / np.where(patterned, product, 1.0), 0.0)


def _centred(a: Patches, on: Patches) -> Patches:
    return (a - (np.sum(a * on, axis=1) / np.maximum(on.sum(axis=1), 1.0))[:, None]) * on


def _deviation(centred: Patches, on: Patches) -> NDArray[np.float32]:
    return np.sqrt(np.sum(centred**2, axis=1) / np.maximum(on.sum(axis=1), 1.0))
