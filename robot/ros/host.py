"""RosHost: the node code that runs on LocalHost, as a real ROS 2 process."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock

from robot.core.errors import NudgeError, SpecMismatch
from robot.core.node import Node
from robot.core.topics import Topic
from robot.ros.connection import Connection
from robot.ros.convert import from_time, to_time
from robot.ros.signals import StopSignals

log = logging.getLogger(__name__)

CLOCK = "/clock"
_MAX_WAIT_S = 0.1  # a signal is not seen while the executor waits
_MAX_BURST = 64  # messages handled before a tick that is due
_DRAIN_S = 0.2
_FLUSH_S = 2.0
_ROS_ARGS = ["--ros-args", "--disable-external-lib-logs"]  # no log file a process in ~/.ros


class RosHost:
    """Runs nodes (normally one a process) over rclpy until one is done or a signal arrives.

    ``tick`` comes at wall-clock rate and gets Unix time, or with ``sim_time`` the newest stamp heard on any
    topic. ``clock_source`` publishes /clock from the stamps its nodes publish. No node starts before every
    topic of ``wait_for`` that this process declares has its other end: an earlier message would be lost,
    and lockstep would stand still. Its other topics are other processes' concern.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        *,
        sim_time: bool,
        clock_source: bool = False,
        wait_for: Sequence[Topic] = (),
        wait_timeout_s: float = 30.0,
    ) -> None:
        names = [n.name for n in nodes]
        if len(set(names)) != len(names):
            raise SpecMismatch(f"two nodes share a name: {sorted(names)}")
        self._nodes, self._sim_time, self._clock_source = list(nodes), sim_time, clock_source
        self._wait_for, self._wait_timeout_s = {t.name for t in wait_for}, wait_timeout_s
        self._newest_ns = 0
        self._handled = 0
        self._due_s: dict[str, float] = {n.name: 0.0 for n in nodes}
        self._connections: list[Connection] = []
        self._clock: Any = None

    def run(self) -> None:
        """Connect, start, spin in this thread, close; every node is closed once, whatever happens.

        Raises:
            KeyboardInterrupt: after SIGINT. SystemExit(143): after SIGTERM. Both after a clean close.
            NudgeError: a ``wait_for`` topic had no other end within ``wait_timeout_s``.
        """
        self._context = Context()
        with StopSignals() as self._signals:
            self._context.init(_ROS_ARGS)
            self._executor = SingleThreadedExecutor(context=self._context)
            try:
                self._run()
            finally:
                self._shutdown()
        self._signals.raise_received()

    def _run(self) -> None:
        try:
            self._connect()
            self._await_peers()
            for node in self._nodes:
                if not self._stopping():
                    node.start()
            log.info("running %s", ", ".join(self._due_s))
            self._spin()
        finally:
            self._close_nodes()

    def _connect(self) -> None:
        for node in self._nodes:
            connection = Connection(node, self._context, self._deliver, self._sending)
            self._connections.append(connection)
            self._executor.add_node(connection.ros)
        ros, depth = self._connections[0].ros, QoSProfile(depth=10)
        if self._clock_source:
            self._clock = ros.create_publisher(Clock, CLOCK, depth)
        elif self._sim_time and any(n.period_s is not None for n in self._nodes):
            ros.create_subscription(Clock, CLOCK, self._on_clock, depth)

    def _await_peers(self) -> None:
        deadline = time.monotonic() + self._wait_timeout_s
        while not self._signals.received:
            missing = [m for c in self._connections for m in c.missing(self._wait_for)]
            if not missing:
                return
            if time.monotonic() > deadline:
                names = ", ".join(self._due_s)
                raise NudgeError(
                    f"{names}: {', '.join(missing)} after {self._wait_timeout_s:g} s; check that the process "
                    "at the other end runs, and with the same ROS_DOMAIN_ID"
                )
            # The executor stands still, so that nothing is delivered to a node that has not started.
            time.sleep(0.02)

    def _spin(self) -> None:
        while not self._stopping():
            wait_s = min([_MAX_WAIT_S, *(due - time.monotonic() for due in self._due().values())])
            self._executor.spin_once(max(wait_s, 0.0))
            if any(due <= time.monotonic() for due in self._due().values()):
                self._handle_waiting()
                self._tick()
        deadline = time.monotonic() + _DRAIN_S
        while not self._signals.received and time.monotonic() < deadline:
            self._executor.spin_once(0.02)

    def _handle_waiting(self) -> None:
        for _ in range(_MAX_BURST):
            before = self._handled
            self._executor.spin_once(0.0)
            if self._handled == before:
                return

    def _tick(self) -> None:
        for node in self._nodes:
            due = self._due().get(node.name)
            if due is not None and due <= time.monotonic() and not node.done:
                self._due_s[node.name] = max(due + (node.period_s or 0.0), time.monotonic())
                node.tick(self._newest_ns if self._sim_time else time.time_ns())

    def _due(self) -> dict[str, float]:
        return {n.name: self._due_s[n.name] for n in self._nodes if n.period_s is not None}

    def _stopping(self) -> bool:
        return self._signals.received is not None or any(n.done for n in self._nodes)

    def _deliver(self, node: Node, topic: Topic, message: Any) -> None:
        self._handled += 1
        self._newest_ns = max(self._newest_ns, getattr(message, "stamp_ns", 0))
        if not node.done:  # while the last messages are drained
            node.on(topic, message)

    def _sending(self, message: Any) -> None:
        stamp_ns = getattr(message, "stamp_ns", 0)
        if stamp_ns > self._newest_ns:
            self._newest_ns = stamp_ns
            if self._clock is not None:
                self._clock.publish(Clock(clock=to_time(stamp_ns)))

    def _on_clock(self, clock: Clock) -> None:
        self._handled += 1
        self._newest_ns = max(self._newest_ns, from_time(clock.clock))

    def _close_nodes(self) -> None:
        errors: list[Exception] = []
        for node in reversed(self._nodes):
            try:
                node.close()
            except Exception as error:
                log.exception("%s: close failed", node.name)
                errors.append(error)
        if errors:
            raise errors[0]

    def _shutdown(self) -> None:
        for connection in self._connections:
            connection.flush(_FLUSH_S)
        self._executor.shutdown()
        for connection in self._connections:
            connection.ros.destroy_node()
        self._context.shutdown()
