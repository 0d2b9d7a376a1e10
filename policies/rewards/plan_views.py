"""What the plan's cameras saw when an episode started, as calibrated views."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.question import View
from robot.core import topics
from robot.core.se3 import Matrix, from_quat_xyzw, transform
from robot.core.topics import Topic
from robot.core.types import CameraInfo, Image
from robot.rig import CameraMount

_OLDEST_S = 0.2


class PlanViews:
    """Keeps the newest frame and model of each camera that a plan is made from.

    Args:
        mounts: camera -> where its calibration found it, for the top view and the side view, in this order.
    """

    def __init__(self, mounts: Mapping[str, CameraMount]) -> None:
        self._mounts = dict(mounts)
        self._images: dict[str, Image] = {}
        self._infos: dict[str, CameraInfo] = {}
        self._known = {t(c).name: c for c in mounts for t in (topics.camera_image, topics.camera_info)}
        self.topics = tuple(t(c) for c in mounts for t in (topics.camera_image, topics.camera_info))

    def hear(self, topic: Topic, message: object) -> None:
        """Keep it if it is a frame or a model of one of the cameras."""
        camera = self._known.get(topic.name)
        if camera is not None and isinstance(message, Image):
            self._images[camera] = message
        elif camera is not None and isinstance(message, CameraInfo):
            self._infos[camera] = message

    def at(self, stamp_ns: int, T_base_tcp: Matrix) -> tuple[View, ...] | None:
        """The views of a moment, the arm there; None while one of them has not come."""
        if set(self._infos) != set(self._mounts) or set(self._images) != set(self._mounts):
            return None
        if any(abs(i.stamp_ns - stamp_ns) > _OLDEST_S * 1e9 for i in self._images.values()):
            return None
        return tuple(self._view(camera, T_base_tcp) for camera in self._mounts)

    def fixed_cameras(self) -> dict[str, PinholeCamera]:
        """Those that no arm carries, once their models have come."""
        fixed = [c for c, m in self._mounts.items() if m.on == "base" and c in self._infos]
        return {c: PinholeCamera.from_info(self._infos[c], _pose(self._mounts[c])) for c in fixed}

    def _view(self, camera: str, T_base_tcp: Matrix) -> View:
        mount = self._mounts[camera]
        T_base_cam = T_base_tcp @ _pose(mount) if mount.on == "tool" else _pose(mount)
        model = PinholeCamera.from_info(self._infos[camera], T_base_cam)
        return View(camera, model, self._images[camera].pixels)


def _pose(mount: CameraMount) -> Matrix:
    """Of the camera in what it is fixed to."""
    return transform(from_quat_xyzw(mount.quat_xyzw), np.array(mount.position_m))
