"""The ROS side of an arm driver: a context, node and thread of its own, in the robot's domain."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from robot.core.errors import DeviceError
from robot.ros.arm_feed import Feed
from robot.ros.connection import quiet_node
from robot.ros.host import ROS_ARGS

# Best effort hears reliable and best-effort publishers alike, and depth 1 is the newest: a state of 1 kHz
# must not queue up behind a slow reader. A command must arrive: reliable, which every subscriber accepts.
_STATE_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
_COMMAND_QOS = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
_WAIT_S = 0.02  # the longest time between two calls of `each_turn`
_REST_S = 0.004  # after a round: at most 250 rounds a second, or a robot of 1 kHz would cost half a core
_SETTLE_S = 0.6  # our announcements are 0.5 s apart (fastdds.xml), and each is answered
_FLUSH = Duration(nanoseconds=100_000_000)
_JOIN_S = 2.0
_PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
_LOCAL_PROFILE = Path(__file__).with_name("fastdds.xml")
_RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
_environment = threading.Lock()


class ArmLink:
    """Hears ``feeds`` until `close`; its thread calls ``each_turn`` 10 times a second or more."""

    def __init__(
        self,
        name: str,
        domain_id: int,
        discovery: str,
        feeds: Sequence[Feed[Any]],
        each_turn: Callable[[], None],
    ) -> None:
        self.feeds, self.publishers = feeds, list[Publisher]()
        self._context = Context()
        with _discovery_range(discovery):
            self._context.init(ROS_ARGS, domain_id=domain_id)
        self.node = quiet_node(name, self._context)
        self._each_turn, self._stop = each_turn, threading.Event()
        self._latched = [f for f in feeds if f.latched]
        for feed in feeds:
            if not feed.latched:
                self._subscribe(feed, _STATE_QOS)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def publisher(self, ros_type: type, topic: str) -> Publisher:
        """A publisher of commands."""
        self.publishers.append(self.node.create_publisher(ros_type, topic, _COMMAND_QOS))
        return self.publishers[-1]

    def ready(self) -> bool:
        """Whether every feed has a message, and every command exactly one commander: us, and a reader."""
        heard = all(f.newest is not None for f in self.feeds)
        return heard and all(
            p.get_subscription_count() and self.node.count_publishers(p.topic_name) == 1
            for p in self.publishers
        )

    def await_ready(self, timeout_s: float) -> bool:
        """Whether `ready` became true within ``timeout_s``, and stayed so: a rival may be found last."""
        deadline, since = time.monotonic() + timeout_s, None
        while (now := time.monotonic()) < deadline or since is not None:
            since = (since or now) if self.ready() else None
            if since is not None and now - since > _SETTLE_S:
                return True
            time.sleep(_WAIT_S)
        return False

    def close(self) -> None:
        """Wait until the last command has been taken, and leave the graph."""
        for publisher in self.publishers:
            publisher.wait_for_all_acked(_FLUSH)
        self._stop.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        # All in one thread: an executor that another thread shuts down may hang.
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self.node)
        while not self._stop.wait(_REST_S):
            self._subscribe_latched()
            executor.spin_once(_WAIT_S)
            for _ in self.feeds:  # the others that were ready in the same round
                executor.spin_once(0.0)
            self._each_turn()
        executor.shutdown()
        self.node.destroy_node()
        self._context.shutdown()

    def _subscribe(self, feed: Feed[Any], qos: QoSProfile) -> None:
        self.node.create_subscription(feed.ros_type, feed.topic, feed.receive, qos)

    def _subscribe_latched(self) -> None:
        """With the publisher's own durability, known once it is seen: else its last word is missed."""
        for feed in list(self._latched):
            if offers := self.node.get_publishers_info_by_topic(feed.topic):
                self._latched.remove(feed)
                keeps = all(o.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL for o in offers)
                reliability = offers[0].qos_profile.reliability
                durability = DurabilityPolicy.TRANSIENT_LOCAL if keeps else DurabilityPolicy.VOLATILE
                self._subscribe(feed, QoSProfile(depth=1, reliability=reliability, durability=durability))


@contextmanager
def _discovery_range(discovery: str) -> Iterator[None]:
    """How far the context made meanwhile looks. The session keeps its own graph on this machine."""
    if discovery == "subnet" and os.environ.get(_PROFILE) == str(_LOCAL_PROFILE):
        raise DeviceError(
            "discovery: subnet needs UDP beyond this machine, which the session's Fast DDS profile lacks: "
            f"`export {_PROFILE}={_LOCAL_PROFILE.with_name('fastdds_subnet.xml')}` and start again"
        )
    with _environment:
        before = os.environ.get(_RANGE)
        os.environ[_RANGE] = discovery.upper()
        try:
            yield
        finally:
            if before is None:
                del os.environ[_RANGE]
            else:
                os.environ[_RANGE] = before
