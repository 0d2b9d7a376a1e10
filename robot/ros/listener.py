"""A subscriber beside the graph: hears the topics of other ROS 2 nodes in a context and thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node as RosNode
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

IMAGE, COMPRESSED, INFO = (
    f"sensor_msgs/msg/{kind.__name__}" for kind in (Image, CompressedImage, CameraInfo)
)
_TYPES: dict[str, type] = {IMAGE: Image, COMPRESSED: CompressedImage, INFO: CameraInfo}
_SPIN_S = 0.1
_DEPTH = 2


class Listener:
    """A ROS node in a context of its own, spun and given back by its own thread.

    Args:
        name: of the node.
        domain_id: None takes ROS_DOMAIN_ID.
    """

    def __init__(self, name: str, domain_id: int | None) -> None:
        self._context = Context()
        self._context.init(["--ros-args", "--disable-external-lib-logs"], domain_id=domain_id)
        self._ros = RosNode(name, context=self._context, enable_rosout=False, start_parameter_services=False)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def publishers(self, topic: str) -> list[TopicEndpointInfo]:
        """Who publishes ``topic``."""
        return self._ros.get_publishers_info_by_topic(topic)

    def topics_of(self, types: tuple[str, ...]) -> str:
        """Names of the topics with one of these types."""
        found = self._ros.get_topic_names_and_types()
        return ", ".join(name for name, kinds in found if set(kinds) & set(types))

    def listen(self, topic: str, publisher: TopicEndpointInfo, on: Callable[[Any], None]) -> None:
        """Subscribe with what ``publisher`` offers: to ask for more gets nothing, for less loses frames."""
        offered, reliability, durability = publisher.qos_profile, ReliabilityPolicy, DurabilityPolicy
        reliable = offered.reliability is reliability.RELIABLE
        latched = offered.durability is durability.TRANSIENT_LOCAL
        qos = QoSProfile(
            depth=_DEPTH,
            reliability=reliability.RELIABLE if reliable else reliability.BEST_EFFORT,
            durability=durability.TRANSIENT_LOCAL if latched else durability.VOLATILE,
        )
        self._ros.create_subscription(_TYPES[publisher.topic_type], topic, on, qos)

    def stop(self) -> None:
        """End the thread, which leaves the graph."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        # An executor that another thread shuts down can hang, so this one sees to its own end.
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self._ros)
        try:
            while not self._stop.is_set():
                executor.spin_once(_SPIN_S)
        finally:
            executor.shutdown()
            self._ros.destroy_node()
            self._context.shutdown()
