"""Why an arm driver cannot connect: what the robot's ROS graph lacks, what it has instead, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from rclpy.node import Node as RosNode
from rclpy.publisher import Publisher

from robot.ros.arm_feed import Feed
from robot.ros.arm_link import ArmLink

_NEAR = 3  # topics that are offered instead


def problems(link: ArmLink, waited_s: float) -> list[str]:
    """One sentence or two for each topic that keeps ``link`` from being ready."""
    if alone := list(_alone(link.node)):
        return alone
    found = [p for feed in link.feeds if feed.newest is None for p in _silent(link.node, feed, waited_s)]
    return found + [p for publisher in link.publishers for p in _unread(link.node, publisher)]


def type_name(ros_type: Any) -> str:
    """``geometry_msgs/msg/PoseStamped``."""
    return f"{ros_type.__module__.partition('.')[0]}/msg/{ros_type.__name__}"


def _alone(node: RosNode) -> Iterator[str]:
    if len(node.get_node_names()) <= 1:
        yield (
            "no other node is there at all. Start the robot's driver; see its ROS_DOMAIN_ID (`echo "
            "$ROS_DOMAIN_ID` there) and put it into domain_id; if it runs on another machine, or in a "
            "container with its own network, set discovery: subnet"
        )


def _silent(node: RosNode, feed: Feed[Any], waited_s: float) -> Iterator[str]:
    want = type_name(feed.ros_type)
    publishers = node.get_publishers_info_by_topic(feed.topic)
    types = sorted({p.topic_type for p in publishers})
    if not publishers:
        others = [name for name, kinds in node.get_topic_names_and_types() if want in kinds]
        yield f"nobody publishes {feed.topic} ({want}). {_instead(node, feed.topic, others, published=True)}"
    elif want not in types:
        yield f"{feed.topic} carries {', '.join(types)}, want {want}: name the right topic in the rig"
    elif feed.problem:
        yield f"{feed.topic}: {feed.problem}"
    else:
        yield (
            f"{feed.topic} is offered by {_names(publishers)}, but nothing came in {waited_s:g} s: see "
            "whether its controller is active (`ros2 control list_controllers`)"
        )


def _unread(node: RosNode, publisher: Publisher) -> Iterator[str]:
    topic, want = publisher.topic_name, type_name(publisher.msg_type)
    readers = node.get_subscriptions_info_by_topic(topic)
    types = sorted({r.topic_type for r in readers})
    if not readers:
        others = [name for name, kinds in node.get_topic_names_and_types() if want in kinds]
        yield f"nobody reads {topic} ({want}). {_instead(node, topic, others, published=False)}"
    elif want not in types:
        got = ", ".join(types)
        yield f"{_names(readers)} reads {topic} as {got}, but {want} is sent: correct the topic or `command`"
    elif not publisher.get_subscription_count():
        yield f"{_names(readers)} reads {topic}, but its quality of service does not match: make it volatile"
    yield from _rivals(node, topic)


def _rivals(node: RosNode, topic: str) -> Iterator[str]:
    """CRISP's controller ignores every command while a topic has two publishers; others would obey both."""
    publishers = node.get_publishers_info_by_topic(topic)
    if len(publishers) > 1:
        yield (
            f"{topic} has {len(publishers)} commanders, want this one alone: {_names(publishers)}. Stop the "
            "others; one that was killed is forgotten after 20 s"
        )


def _instead(node: RosNode, topic: str, others: Iterable[str], *, published: bool) -> str:
    count = node.count_publishers if published else node.count_subscribers
    there = [name for name in others if name != topic and count(name)]
    near = difflib.get_close_matches(topic, there, n=_NEAR, cutoff=0.0)
    if near:
        return f"Of that type there are {', '.join(near)}: name one in the rig, or activate the controller"
    return "No topic of that type is there: activate the controller (`ros2 control list_controllers`)"


def _names(endpoints: Iterable[Any]) -> str:
    return ", ".join(sorted({f"{e.node_namespace.rstrip('/')}/{e.node_name}" for e in endpoints}))
