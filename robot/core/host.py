"""LocalHost: the whole graph in one thread, every message through the codec, the same order every time."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Any

from robot.core import codec
from robot.core.clock import SimClock
from robot.core.errors import SpecMismatch
from robot.core.node import Node
from robot.core.topics import Topic


class LocalHost:
    """Runs nodes on simulated time, which is the newest stamp any of them published.

    Messages are delivered first in, first out; when none is left, or time has moved, every node whose period
    has passed is ticked once in the order given. With one seed a run is the same to the bit.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        names = [n.name for n in nodes]
        if len(set(names)) != len(names):
            raise SpecMismatch(f"two nodes share a name: {sorted(names)}")
        self.clock = SimClock()
        self._nodes = list(nodes)
        self._queue: deque[tuple[Topic, bytes]] = deque()
        self._readers: dict[str, list[Node]] = defaultdict(list)
        self._due_ns: dict[str, int] = {n.name: 0 for n in nodes}
        for node in self._nodes:
            self._attach(node)

    def run(self, max_idle_ticks: int = 1000) -> None:
        """Run until a node is done; raise if nothing moves for ``max_idle_ticks`` rounds of ticks."""
        idle = 0
        try:
            for node in self._nodes:
                node.start()
            while not any(n.done for n in self._nodes):
                idle = 0 if self.deliver() else idle + 1
                self.tick()
                if idle > max_idle_ticks:
                    raise SpecMismatch(
                        f"the graph stands still at {self.clock.now_ns()} ns: nobody publishes"
                    )
        finally:
            self.close()

    def deliver(self) -> int:
        """Hand out queued messages until none is left or time has moved; returns how many there were."""
        count, now = 0, self.clock.now_ns()
        while self._queue and self.clock.now_ns() == now:
            topic, data = self._queue.popleft()
            for node in self._readers[topic.name]:
                node.on(topic, codec.decode(data))
            count += 1
        return count

    def tick(self) -> None:
        """Tick each node whose period has passed."""
        now = self.clock.now_ns()
        for node in self._nodes:
            if node.period_s is not None and now >= self._due_ns[node.name]:
                self._due_ns[node.name] = now + int(node.period_s * 1e9)
                node.tick(now)

    def close(self) -> None:
        """Close every node, the last first, also if one of them fails."""
        errors: list[Exception] = []
        for node in reversed(self._nodes):
            try:
                node.close()
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _attach(self, node: Node) -> None:
        outputs = {t.name for t in node.outputs}

        def publish(topic: Topic, message: Any) -> None:
            if topic.name not in outputs or not isinstance(message, topic.type):
                raise SpecMismatch(f"{node.name} may not publish {type(message).__name__} on {topic.name}")
            self.clock.set(max(self.clock.now_ns(), getattr(message, "stamp_ns", 0)))
            self._queue.append((topic, codec.encode(message)))

        node.publish = publish
        for topic in node.inputs:
            self._readers[topic.name].append(node)
