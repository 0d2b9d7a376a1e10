"""Time of a graph of processes: the wall clock, or /clock and the stamps that pass by."""

from __future__ import annotations

import time
from typing import Any

from rclpy.node import Node as RosNode
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock

from robot.ros.convert import from_time, to_time

CLOCK = "/clock"
_QOS = QoSProfile(depth=10)


class GraphClock:
    """`now_ns` is Unix time, or with ``sim_time`` the newest stamp seen so far."""

    def __init__(self, sim_time: bool) -> None:
        self._sim_time = sim_time
        self._newest_ns = 0
        self._publisher: Any = None

    def now_ns(self) -> int:
        """Nanoseconds; simulated time never runs backwards."""
        return self._newest_ns if self._sim_time else time.time_ns()

    def lead(self, ros: RosNode) -> None:
        """Publish /clock from now on, whenever `sent` advances the time."""
        self._publisher = ros.create_publisher(Clock, CLOCK, _QOS)

    def follow(self, ros: RosNode) -> None:
        """Listen to /clock; a clock message alone is no reason for a tick."""
        ros.create_subscription(Clock, CLOCK, self._on_clock, _QOS)

    def heard(self, message: Any) -> None:
        """A message arrived."""
        self._advance(getattr(message, "stamp_ns", 0))

    def sent(self, message: Any) -> None:
        """A message is about to leave."""
        if self._advance(getattr(message, "stamp_ns", 0)) and self._publisher is not None:
            self._publisher.publish(Clock(clock=to_time(self._newest_ns)))

    def _on_clock(self, clock: Clock) -> None:
        self._advance(from_time(clock.clock))

    def _advance(self, stamp_ns: int) -> bool:
        advanced = stamp_ns > self._newest_ns
        self._newest_ns = max(self._newest_ns, stamp_ns)
        return advanced
