"""What every camera driver offers the camera node: the newest frame, never a wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.core.types import Array, CameraInfo


@dataclass(frozen=True)
class Frame:
    """One frame as the sensor gave it, before crop and resize."""

    stamp_ns: int  # Unix time of the capture
    pixels: NDArray[np.uint8]  # [H, W, 3] RGB
    depth_m: Array | None = None  # [H, W], aligned to the colours; 0 where unknown


class CameraDriver(Protocol):
    """One camera. Made as ``Driver(camera_name, Config)``; construction touches no hardware.

    `Config` is a frozen dataclass beside the driver, which can be imported without the SDK.
    """

    Config: ClassVar[type[Any]]
    camera: str

    def connect(self) -> CameraInfo:
        """Open the camera and start its frames; DeviceError says what is wrong and what to do."""
        ...

    def read(self) -> Frame | None:
        """The newest frame that was not read before, or None; DeviceLost if the camera is gone."""
        ...

    def close(self) -> None:
        """Give the camera back; safe to call twice, and `connect` may follow."""
        ...
