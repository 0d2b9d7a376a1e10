"""From the sensor's frame to the policy's picture: cropped and resized once, and the pinhole model with it.

Pure. Pixel centres are at whole numbers, as in OpenCV and ROS: the frame spans -0.5 to width - 0.5.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from robot.core.errors import ConfigError
from robot.core.types import Array, CameraInfo
from robot.rig import CropRig


def crop_of(crop: CropRig | None, width: int, height: int) -> CropRig:
    """``crop``, or the largest centred square of a frame of that size, pixels.

    Raises:
        ConfigError: the crop does not lie inside the frame.
    """
    if crop is None:
        side = min(width, height)
        return CropRig((width - side) // 2, (height - side) // 2, side, side)
    inside = crop.x >= 0 and crop.y >= 0 and crop.width > 0 and crop.height > 0
    if not inside or crop.x + crop.width > width or crop.y + crop.height > height:
        raise ConfigError(
            [
                f"crop: got x {crop.x}, y {crop.y}, {crop.width} x {crop.height} px, want a part of the "
                f"sensor's {width} x {height} px; change the crop or the camera's width and height in the rig"
            ]
        )
    return crop


def picture(pixels: NDArray[np.uint8], crop: CropRig, size: int) -> NDArray[np.uint8]:
    """The crop of a frame [H, W, 3] at the policy's size [size, size, 3]: each pixel the mean of its area.

    The mean over the area leaves no aliasing, like OpenCV's INTER_AREA, and needs numpy alone.
    """
    part = pixels[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    if part.shape[:2] == (size, size):
        return np.ascontiguousarray(part)
    rows, columns = _weights(crop.height, size), _weights(crop.width, size)
    half = rows @ part.reshape(crop.height, -1).astype(np.float32)  # [size, W * 3]
    whole = columns @ half.reshape(size, crop.width, 3)  # [size, size, 3]
    return np.rint(whole).astype(np.uint8)


def picture_info(info: CameraInfo, crop: CropRig, size: int) -> CameraInfo:
    """The pinhole model of `picture`; a K of zeros (not calibrated, as in ROS) stays zeros.

    Distortion is in normalised coordinates, so neither crop nor resize changes it.
    """
    K = info.K.copy()
    if K[0, 0] != 0.0:
        scale = np.array([size / crop.width, size / crop.height])
        K[:2, 2] = (K[:2, 2] - [crop.x, crop.y] + 0.5) * scale - 0.5
        K[0, :2] *= scale[0]
        K[1, 1] *= scale[1]
    return replace(info, width=size, height=size, K=K)


@lru_cache(maxsize=16)
def _weights(length: int, size: int) -> Array:
    """[size, length]: how much of each source pixel falls into each target pixel; rows sum to 1."""
    edges = np.linspace(0.0, length, size + 1)
    pixel = np.arange(length)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    return (np.clip(overlap, 0.0, None) * size / length).astype(np.float32)
