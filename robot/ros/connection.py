"""One node's end of the ROS graph: its publishers, its subscriptions and its mirrors."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import Any

from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.node import Node as RosNode
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from robot.core.errors import CodecError, NudgeError, SpecMismatch
from robot.core.node import Node
from robot.core.topics import Topic
from robot.ros.convert import from_ros, ros_type, to_ros
from robot.ros.mirrors import Mirrors
from robot.ros.qos import qos

log = logging.getLogger(__name__)

Deliver = Callable[[Node, Topic, Any], None]
Sending = Callable[[Any], None]

_ACK_SLICE = Duration(nanoseconds=50_000_000)


class Connection:
    """Connects ``node`` under its own name; ``deliver`` gets what arrives, ``sending`` what leaves."""

    def __init__(self, node: Node, context: Context, deliver: Deliver, sending: Sending) -> None:
        self.ros = quiet_node(node.name, context)
        self._node, self._deliver, self._sending = node, deliver, sending
        self._publishers = {t.name: self._publisher(t) for t in node.outputs}
        self._mirrors = {t.name: Mirrors(self.ros, t) for t in node.outputs}
        self._subscriptions = {t.name: self._subscription(t) for t in node.inputs}
        node.publish = self.publish

    def publish(self, topic: Topic, message: Any) -> None:
        """Send; SpecMismatch for a topic the node did not declare, or a message of another type."""
        if topic.name not in self._publishers or not isinstance(message, topic.type):
            kind = type(message).__name__
            raise SpecMismatch(f"{self._node.name} may not publish {kind} on {topic.name}")
        self._sending(message)
        try:
            self._publishers[topic.name].publish(to_ros(message))
        except RuntimeError as error:  # rclpy's RCLError
            raise NudgeError(
                f"{self._node.name} cannot publish on {topic.name}: {error}. A reader that hangs "
                "fills the queue (5000 messages on a stream): look for the process that stopped reading"
            ) from error
        self._mirrors[topic.name].publish(message)

    def missing(self, wait_for: Collection[str]) -> list[str]:
        """Of the named topics, those this node declares that nobody reads, or nobody writes, yet."""
        unread = [n for n, p in self._publishers.items() if n in wait_for and not p.get_subscription_count()]
        unwritten = [
            n for n, s in self._subscriptions.items() if n in wait_for and not s.get_publisher_count()
        ]
        return [f"no subscriber on {n}" for n in unread] + [f"no publisher on {n}" for n in unwritten]

    def flush(self, timeout_s: float) -> None:
        """Wait until every reader that still lives has what was published."""
        deadline = time.monotonic() + timeout_s
        for name, publisher in self._publishers.items():
            # In slices: a reader that ends meanwhile does not wake the wait.
            while publisher.get_subscription_count() and not publisher.wait_for_all_acked(_ACK_SLICE):
                if time.monotonic() > deadline:
                    log.warning("%s: a reader of %s did not take everything", self._node.name, name)
                    break

    def _publisher(self, topic: Topic) -> Publisher:
        # Without event handlers the executor's wait set, rebuilt for every message, is half as large.
        events = PublisherEventCallbacks(use_default_callbacks=False)
        return self.ros.create_publisher(
            ros_type(topic), topic.name, qos(topic.service), event_callbacks=events
        )

    def _subscription(self, topic: Topic) -> Subscription:
        def receive(ros: Any) -> None:
            try:
                message = from_ros(topic, ros)
            except CodecError as error:
                log.error("%s: dropped a message on %s: %s", self._node.name, topic.name, error)
                return
            self._deliver(self._node, topic, message)

        events = SubscriptionEventCallbacks(use_default_callbacks=False)
        return self.ros.create_subscription(
            ros_type(topic), topic.name, receive, qos(topic.service), event_callbacks=events
        )


def quiet_node(name: str, context: Context) -> RosNode:
    """A node without the services and topics that only ROS tools would use."""
    # Settings come from our own config, so the parameter services would only slow discovery down.
    return RosNode(
        name,
        context=context,
        enable_rosout=False,
        start_parameter_services=False,
        parameter_overrides=[Parameter("start_type_description_service", value=False)],
    )
