"""RosHost: the node code that runs on LocalHost, as a real ROS 2 process."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor

from robot.core.errors import NudgeError, SpecMismatch
from robot.core.node import Node
from robot.core.topics import Topic
from robot.ros.clock import GraphClock
from robot.ros.connection import Connection
from robot.ros.signals import StopSignals

log = logging.getLogger(__name__)

_MAX_WAIT_S = 0.1  # a signal is not seen while the executor waits
_MAX_BURST = 64  # messages handled before a tick that is due
_DRAIN_S = 0.2
_FLUSH_S = 2.0
ROS_ARGS = ["--ros-args", "--disable-external-lib-logs"]  # no log file a process in ~/.ros


class RosHost:
    """Runs nodes (normally one a process) over rclpy until one is done or a signal arrives.

    Ticks come at wall-clock rate; their ``now_ns`` is Unix time, or with ``sim_time`` the newest stamp this
    process has seen. ``clock_source`` publishes /clock from the stamps its nodes publish. No node starts
    before every topic of ``wait_for`` that this process declares has its other end: an earlier message would
    be lost, and lockstep would stand still. A topic it does not declare is another process's concern, so all
    processes can be given one list.
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
        self._names = [n.name for n in nodes]
        if len(set(self._names)) != len(self._names):
            raise SpecMismatch(f"two nodes share a name: {sorted(self._names)}")
        self._nodes, self._sim_time, self._clock_source = list(nodes), sim_time, clock_source
        self._wait_for, self._wait_timeout_s = {t.name for t in wait_for}, wait_timeout_s
        self._clock = GraphClock(sim_time)
        self._handled = 0
        self._due_s: dict[str, float] = {n.name: 0.0 for n in nodes if n.period_s is not None}
        self._connections: list[Connection] = []

    def run(self) -> None:
        """Connect, start, spin in this thread, close; every node is closed once, whatever happens.

        Raises:
            KeyboardInterrupt: SIGINT arrived. SystemExit(143): SIGTERM did. Both after a clean close.
            NudgeError: a ``wait_for`` topic had no other end within ``wait_timeout_s``, or a queue is full.
        """
        self._context = Context()
        with StopSignals() as self._signals:
            self._context.init(ROS_ARGS)
            self._executor = SingleThreadedExecutor(context=self._context)
            try:
                self._run()
            finally:
                self._shutdown()
        self._signals.raise_received()

    def _run(self) -> None:
        try:
            self._connect()
            if self._await_peers():
                for node in self._nodes:
                    node.start()
                log.info("running %s", ", ".join(self._names))
                self._spin()
        finally:
            self._close_nodes()

    def _connect(self) -> None:
        for node in self._nodes:
            connection = Connection(node, self._context, self._deliver, self._clock.sent)
            self._connections.append(connection)
            self._executor.add_node(connection.ros)
        if self._clock_source:
            self._clock.lead(self._connections[0].ros)
        elif self._sim_time and self._due_s:
            self._clock.follow(self._connections[0].ros)

    def _await_peers(self) -> bool:
        deadline = time.monotonic() + self._wait_timeout_s
        while not self._signals.received:
            missing = [m for c in self._connections for m in c.missing(self._wait_for)]
            if not missing:
                return True
            if time.monotonic() > deadline:
                raise NudgeError(
                    f"{', '.join(self._names)}: {', '.join(missing)} after {self._wait_timeout_s:g} s; check "
                    "that the process at the other end runs, and with the same ROS_DOMAIN_ID"
                )
            # The executor stands still, so that nothing is delivered to a node that has not started.
            time.sleep(0.02)
        return False

    def _spin(self) -> None:
        while not self._stopping():
            wait_s = min([_MAX_WAIT_S, *(due - time.monotonic() for due in self._due_s.values())])
            self._executor.spin_once(max(wait_s, 0.0))
            if any(due <= time.monotonic() for due in self._due_s.values()):
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
            now, period_s = time.monotonic(), node.period_s
            if period_s is not None and (due := self._due_s[node.name]) <= now:
                # Missed ticks are not made up for: the next one is then a whole period away.
                self._due_s[node.name] = due + period_s if due + period_s > now else now + period_s
                node.tick(self._clock.now_ns())

    def _stopping(self) -> bool:
        return self._signals.received is not None or any(n.done for n in self._nodes)

    def _deliver(self, node: Node, topic: Topic, message: Any) -> None:
        self._handled += 1
        self._clock.heard(message)
        if not node.done:  # it may be, while the last messages are drained
            node.on(topic, message)

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
