"""Where a tracked object is in one image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class TrackStatus(StrEnum):
    """How much the tracker's word is worth."""

    TRACKED = "tracked"
    SUSPECT = "suspect"  # few points agree: largely hidden, or about to be lost
    LOST = "lost"  # the points are where they were last seen


@dataclass(frozen=True)
class TrackedObject:
    """The object's keypoints in one image; its arrays cannot be written to."""

    points_px: NDArray[np.float64]  # [N, 2] the plan's keypoints, hidden ones too, by the object's motion
    visible: NDArray[np.bool_]  # [N] the object's surface around the point is seen
    T_anchor_now: NDArray[np.float64]  # [3, 3] pixel of this image -> pixel of the anchor image, homogeneous
    inliers: int  # sample points that look as in the anchor image where the motion puts them
    inlier_ratio: float  # of all sample points
    status: TrackStatus

    def __post_init__(self) -> None:
        for array in (self.points_px, self.visible, self.T_anchor_now):
            array.setflags(write=False)
