"""What a camera of the twin sees, with the truth about each named thing in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot.core.types import CameraInfo
from sim.grounding.things import Thing


@dataclass(frozen=True, eq=False)
class LabelledThing:
    """One thing in one view. Pixels: x right, y down, (0, 0) the middle of the top left pixel."""

    thing: Thing
    mask: np.ndarray  # [H, W] bool, what is seen of it; glass in front hides nothing
    point_m: np.ndarray  # [3] its keypoint in base
    pixel: np.ndarray  # [2] where that projects to; NaN behind the camera, and it may lie outside
    visible: bool  # the keypoint's pixel is in the picture and shows this thing


@dataclass(frozen=True, eq=False)
class LabelledView:
    """One camera's frame with its calibration at that moment."""

    info: CameraInfo
    T_base_cam: np.ndarray  # [4, 4] z forward, x right, y down
    frame: np.ndarray  # uint8 RGB [H, W, 3]
    depth_m: np.ndarray  # [H, W] along the optical axis; 0 where there is nothing, as of depth cameras
    background: np.ndarray  # [H, W] bool, table and sky
    things: tuple[LabelledThing, ...]


@dataclass(frozen=True, eq=False)
class LabelledScene:
    """All that the twin knows about one start of a task."""

    task: str
    seed: int
    views: dict[str, LabelledView]  # camera -> its view
