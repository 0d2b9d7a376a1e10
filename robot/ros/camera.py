"""A camera that another ROS 2 node already drives: its image topic as one of our camera drivers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from robot.cameras.driver import Frame
from robot.cameras.newest_frame import NewestFrame
from robot.core.errors import DeviceError, DeviceLost, NudgeError
from robot.core.types import CameraInfo
from robot.ros.environment import require_rclpy

if TYPE_CHECKING:  # a rig file's options are checked without ROS
    from rclpy.topic_endpoint_info import TopicEndpointInfo
    from sensor_msgs.msg import CameraInfo as RosCameraInfo

    from robot.ros.listener import Listener

_CONNECT_S = 5.0
_POLL_S = 0.02
T = TypeVar("T")


@dataclass(frozen=True)
class RosCameraConfig:
    """The topics of a camera that runs under ROS 2."""

    image_topic: str  # sensor_msgs/Image (rgb8, bgr8 or mono8) or sensor_msgs/CompressedImage
    info_topic: str | None = None  # sensor_msgs/CameraInfo; None: not calibrated, K is zeros
    domain_id: int | None = None  # None: ROS_DOMAIN_ID of this process
    timeout_s: float = 0.5  # without a frame the camera counts as lost


class RosCamera:
    """Subscribes in a context and a thread of its own; type and reliability are the publisher's.

    Stamps are the messages' own header stamps: a publisher that leaves them at zero is refused.
    """

    Config: ClassVar[type[RosCameraConfig]] = RosCameraConfig

    def __init__(self, camera: str, config: RosCameraConfig) -> None:
        self.camera, self._config = camera, config
        self._listener: Listener | None = None
        self._newest: NewestFrame | None = None

    def connect(self) -> CameraInfo:
        """Find the publishers and wait for a frame; DeviceError when one of them is not there within 5 s."""
        self.close()
        try:
            require_rclpy()
        except NudgeError as error:
            raise DeviceError(f"camera {self.camera!r}: {error}") from error
        from robot.ros.listener import Listener

        self._listener = listener = Listener(f"camera_{self.camera}_input", self._config.domain_id)
        try:
            return self._connect(listener)
        except Exception:
            self.close()
            raise

    def read(self) -> Frame | None:
        """The newest frame not read before, or None; DeviceLost after ``timeout_s``, or a bad frame."""
        if self._newest is None:
            raise DeviceLost(f"camera {self.camera!r} is not connected; call connect first")
        return self._newest.take()

    def close(self) -> None:
        """Leave the graph; safe to call twice."""
        if self._listener is not None:
            self._listener.stop()
        self._listener = self._newest = None

    def _connect(self, listener: Listener) -> CameraInfo:
        topic, timeout_s = self._config.image_topic, self._config.timeout_s
        silence = f"camera {self.camera!r}: no frame on {topic} for {timeout_s:g} s; is its node alive?"
        newest = NewestFrame(timeout_s, silence)
        from robot.ros import frames
        from robot.ros.listener import COMPRESSED, IMAGE

        def receive(ros: Any) -> None:
            try:
                newest.put(frames.frame(ros))
            except DeviceError as error:
                newest.fail(DeviceLost(f"camera {self.camera!r}: {topic}: {error}"))

        listener.listen(topic, self._publisher(listener, topic, (IMAGE, COMPRESSED)), receive)
        info = self._ros_info(listener)
        first = newest.wait(_CONNECT_S)
        if first is None:
            raise DeviceError(
                f"camera {self.camera!r}: {topic} has a publisher but no frame in {_CONNECT_S:g} s"
            )
        self._newest = newest
        return self._info(first, info)

    def _ros_info(self, listener: Listener) -> RosCameraInfo | None:
        topic = self._config.info_topic
        if topic is None:
            return None
        from robot.ros.listener import INFO

        got: list[RosCameraInfo] = []
        listener.listen(topic, self._publisher(listener, topic, (INFO,)), got.append)
        info = _wait(lambda: got[-1] if got else None)
        if info is None:
            raise DeviceError(
                f"camera {self.camera!r}: nothing on {topic} in {_CONNECT_S:g} s; is it calibrated?"
            )
        return info

    def _info(self, frame: Frame, ros: RosCameraInfo | None) -> CameraInfo:
        height, width, _ = frame.pixels.shape
        K, distortion = np.zeros((3, 3)), np.zeros(5)
        if ros is not None:
            if (ros.width, ros.height) != (width, height):
                raise DeviceError(
                    f"camera {self.camera!r}: {self._config.info_topic} got {ros.width} x {ros.height} px, "
                    f"want the frames' {width} x {height} px; name the info topic beside the image topic"
                )
            K = np.array(ros.k, np.float64).reshape(3, 3)
            if ros.distortion_model == "plumb_bob":
                distortion = np.array(ros.d, np.float64)
        return CameraInfo(frame.stamp_ns, self.camera, width, height, K, distortion)

    def _publisher(self, listener: Listener, topic: str, types: tuple[str, ...]) -> TopicEndpointInfo:
        publisher = _wait(lambda: next(iter(listener.publishers(topic)), None))
        if publisher is None:
            raise DeviceError(
                f"camera {self.camera!r}: nobody publishes {topic} after {_CONNECT_S:g} s; start its node, "
                f"with the same ROS_DOMAIN_ID; topics of that type: {listener.topics_of(types) or 'none'}"
            )
        if publisher.topic_type not in types:
            raise DeviceError(
                f"camera {self.camera!r}: {topic} carries {publisher.topic_type}, want {' or '.join(types)}; "
                f"topics of that type here: {listener.topics_of(types) or 'none'}"
            )
        return publisher


def _wait(look: Callable[[], T | None]) -> T | None:
    """What ``look`` finds within five seconds; discovery takes up to half of one."""
    deadline = time.monotonic() + _CONNECT_S
    while (found := look()) is None and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    return found
