"""One calibrated camera's word on where the object is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.masks import Mask, NoObject, Segmenter
from policies.rewards.tracking.anchor import TooPlain
from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.tracked_object import TrackStatus
from robot.core.errors import SpecMismatch

_LEAST_PX = 10.0  # across; of 7 px an object was followed to a centimetre at best
_ENOUGH = 0.5  # of the plan's points must lie on one thing
_SUSPECT_WEIGHT = 0.5  # of a suspect's word against a tracked one's


@dataclass(frozen=True, eq=False)
class Sight:
    """Where one camera sees the point in one image."""

    camera: PinholeCamera
    pixel: NDArray[np.float64]  # [2]
    size_px: float  # of the object in the first image: the square root of its area
    confidence: float  # (0, 1]: the share of the object that agrees, half of it while suspect


class TrackedView:
    """The object in one camera, from the image that its first mask is taken from.

    Args:
        name: the camera's, for messages.
        camera: its model, for images of the size given.
        image: [H, W, 3] uint8 RGB.
        point_m: [3] the point to follow, base frame.
        mask_points_px: [M, 2] points on the object in this image; none: where ``point_m`` is seen.
        segmenter: proposes the things of which the object is one.

    Raises:
        NoObject: no thing under the points, or the point is outside the picture.
        TooPlain: one that is too small or cannot be told from its surroundings.
        SpecMismatch: an image of another size than the camera model's.
    """

    def __init__(
        self,
        name: str,
        camera: PinholeCamera,
        image: NDArray[np.uint8],
        point_m: NDArray[np.float64],
        mask_points_px: NDArray[np.float64],
        segmenter: Segmenter,
    ) -> None:
        if image.shape[:2] != (camera.height, camera.width):
            raise SpecMismatch(f"image of {name} is {image.shape[:2]}, want {(camera.height, camera.width)}")
        if not camera.sees(point_m)[0]:
            raise NoObject(
                f"the point {np.round(point_m, 3)} m is outside the picture of {name}; aim it there"
            )
        self.camera, pixel = camera, camera.project(point_m)
        mask = _mask_under(name, mask_points_px if len(mask_points_px) else pixel, segmenter.propose(image))
        self.size_px = float(np.sqrt(mask.area_px))
        if self.size_px < _LEAST_PX:
            raise TooPlain(
                f"the object is {self.size_px:.0f} px across in {name}, want at least {_LEAST_PX:.0f}: use "
                "larger images or a camera that is nearer"
            )
        self._tracker = ObjectTracker(image, mask.pixels, pixel)
        self._depth_m = self._depth(point_m)
        self.status = TrackStatus.TRACKED

    def _depth(self, point_m: NDArray[np.float64]) -> float:
        return float(self.camera.in_camera(point_m)[0, 2])

    def step(self, image: NDArray[np.uint8], last_m: NDArray[np.float64]) -> Sight | None:
        """The point in the next image; None where it is not seen there, be it lost or not yet.

        ``last_m`` [3] is where it was last, base frame: from how far away it is follows how large it looks.
        One that was lost may be anywhere, and of any size.
        """
        known = self.status is not TrackStatus.LOST
        seen = self._tracker.track(image, self._depth_m / self._depth(last_m) if known else None)
        self.status = seen.status
        if seen.status is TrackStatus.LOST or not seen.inliers:
            return None
        weight = 1.0 if seen.status is TrackStatus.TRACKED else _SUSPECT_WEIGHT
        return Sight(self.camera, seen.points_px[0], self.size_px, weight * seen.inlier_ratio)


def _mask_under(name: str, points: NDArray[np.float64], masks: tuple[Mask, ...]) -> Mask:
    shares = [float(mask.contains(points).mean()) for mask in masks]
    best = int(np.argmax(shares))
    if shares[best] < _ENOUGH:
        raise NoObject(
            f"{shares[best]:.0%} of the plan's {len(points)} points in {name} lie on one thing, want "
            f"{_ENOUGH:.0%}: the object was moved since or is hidden; make a plan from this image"
        )
    return masks[best]
