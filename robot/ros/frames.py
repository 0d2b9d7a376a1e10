"""ROS image messages as frames of a camera driver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as RosImage

from robot.cameras.driver import Frame
from robot.core.errors import DeviceError
from robot.ros.convert import from_time


def frame(ros: RosImage | CompressedImage) -> Frame:
    """The picture with its header's stamp.

    Raises:
        DeviceError: not rgb8, bgr8, mono8, JPEG or PNG, damaged, without a stamp, or OpenCV is missing.
    """
    if not (stamp_ns := from_time(ros.header.stamp)):
        raise DeviceError("got stamp 0, want the time of capture; let its node stamp the frames")
    return Frame(stamp_ns, _decoded(ros) if isinstance(ros, CompressedImage) else _pixels(ros))


def _pixels(ros: RosImage) -> NDArray[np.uint8]:
    channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(ros.encoding)
    if channels is None:
        raise DeviceError(f"got encoding {ros.encoding!r}, want rgb8, bgr8 or mono8; change it at the camera")
    if ros.step < ros.width * channels or len(ros.data) != ros.height * ros.step:
        got = f"{ros.height} x {ros.width}, step {ros.step}, {len(ros.data)} bytes"
        raise DeviceError(f"got a damaged image ({got}); look at its publisher")
    rows = np.frombuffer(bytes(ros.data), np.uint8).reshape(ros.height, ros.step)
    pixels = rows[:, : ros.width * channels].reshape(ros.height, ros.width, channels)
    if channels == 1:
        return np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, ::-1] if ros.encoding == "bgr8" else pixels)


def _decoded(ros: CompressedImage) -> NDArray[np.uint8]:
    try:
        import cv2
    except ImportError as error:
        raise DeviceError(f"compressed images need OpenCV ({error}); pip install 'nudge[opencv]'") from error
    bgr = cv2.imdecode(np.frombuffer(bytes(ros.data), np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise DeviceError(
            f"got {len(ros.data)} bytes of {ros.format!r} that are no picture; look at its publisher"
        )
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
