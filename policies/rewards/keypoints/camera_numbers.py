"""A calibrated camera as plain numbers, for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera

_ARRAYS = ("K", "distortion", "T_base_cam")


def to_numbers(camera: PinholeCamera) -> dict[str, Any]:
    """What `from_numbers` reads, to the last bit also through JSON."""
    arrays = {name: getattr(camera, name).tolist() for name in _ARRAYS}
    return {**arrays, "width": camera.width, "height": camera.height}


def from_numbers(numbers: Mapping[str, Any]) -> PinholeCamera:
    """KeyError for one that is missing, CameraModelError for numbers that are no camera."""
    arrays = {name: np.array(numbers[name], float) for name in _ARRAYS}
    return PinholeCamera(**arrays, width=int(numbers["width"]), height=int(numbers["height"]))
