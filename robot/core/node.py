"""A node is plain Python: topics in, topics out, a period. A host runs it and owns time and transport."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from robot.core.topics import Topic

Publish = Callable[[Topic, Any], None]


def _unbound(topic: Topic, message: Any) -> None:
    raise RuntimeError(f"published on {topic.name} before a host ran the node")


class Node:
    """Base of every node. Subclasses fill `inputs` and `outputs` and override what they need.

    Attributes:
        name: unique in the graph.
        inputs: topics the host delivers to `on`.
        outputs: topics the node may publish.
        period_s: time between ticks; None means the node only reacts, 0 means as often as the host can.
        done: set by the node when its work is over; the host then stops the graph.
    """

    name: str = "node"
    inputs: tuple[Topic, ...] = ()
    outputs: tuple[Topic, ...] = ()
    period_s: float | None = None
    done: bool = False
    publish: Publish = staticmethod(_unbound)

    def start(self) -> None:
        """Called once, after the host has connected every topic."""

    def on(self, topic: Topic, message: Any) -> None:
        """A message arrived."""

    def tick(self, now_ns: int) -> None:
        """The period has passed."""

    def close(self) -> None:
        """Give back devices and files; called exactly once, also after an error."""
