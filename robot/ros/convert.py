"""Messages <-> standard ROS messages: frames as sensor_msgs/Image, the rest as codec bytes."""

from __future__ import annotations

from array import array
from types import UnionType
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image as RosImage
from std_msgs.msg import UInt8MultiArray

from robot.core import codec
from robot.core.errors import CodecError, SpecMismatch
from robot.core.topics import Topic
from robot.core.types import Image

_NS = 1_000_000_000


def ros_type(topic: Topic) -> type:
    """The ROS message class that carries ``topic``."""
    return RosImage if topic.type is Image else UInt8MultiArray


def to_ros(message: Any) -> Any:
    """One message as its ROS message; SpecMismatch for pixels that are not uint8 [H, W, 3]."""
    if isinstance(message, Image):
        return _image_to_ros(message)
    # An array.array is taken over as it is; any other sequence is checked byte by byte (seconds for weights).
    return UInt8MultiArray(data=array("B", codec.encode(message)))


def from_ros(topic: Topic, ros: Any) -> Any:
    """The message in ``ros``; CodecError when it is damaged, or is not what ``topic`` carries."""
    message = _image_from_ros(ros) if topic.type is Image else codec.decode(bytes(ros.data))
    if not isinstance(message, topic.type):
        raise CodecError(f"got a {type(message).__name__} on {topic.name}, want {_names(topic)}")
    return message


def _names(topic: Topic) -> str:
    kinds = topic.type.__args__ if isinstance(topic.type, UnionType) else (topic.type,)
    return " or ".join(kind.__name__ for kind in kinds)


def to_time(stamp_ns: int) -> Time:
    """Nanoseconds as a ROS time."""
    return Time(sec=stamp_ns // _NS, nanosec=stamp_ns % _NS)


def from_time(time: Time) -> int:
    """A ROS time in nanoseconds."""
    return time.sec * _NS + time.nanosec


def _image_to_ros(image: Image) -> RosImage:
    pixels = np.ascontiguousarray(image.pixels)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise SpecMismatch(
            f"image of camera {image.camera!r}: got {pixels.dtype} {list(pixels.shape)}, want uint8 [H, W, 3]"
        )
    height, width, _ = pixels.shape
    ros = RosImage(height=height, width=width, encoding="rgb8", step=3 * width)
    ros.header.stamp = to_time(image.stamp_ns)
    ros.header.frame_id = image.camera
    ros.data = array("B", pixels.tobytes())
    return ros


def _image_from_ros(ros: RosImage) -> Image:
    if ros.encoding != "rgb8" or ros.step != 3 * ros.width or len(ros.data) != ros.height * ros.step:
        got = f"{ros.encoding!r} {ros.height} x {ros.width}, step {ros.step}, {len(ros.data)} bytes"
        raise CodecError(f"image in {ros.header.frame_id!r}: got {got}; want 'rgb8' without padding")
    pixels = np.frombuffer(bytes(ros.data), np.uint8).reshape(ros.height, ros.width, 3)
    return Image(from_time(ros.header.stamp), ros.header.frame_id, pixels)
