"""Join messages of one control step by their stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from robot.core.topics import Topic

_KEPT = 4  # stamps; older ones can no longer be completed


class StampSync:
    """Collects the newest messages of several topics and tells when a stamp has all of them.

    In lockstep every topic carries the same stamp. On a real cell the arm's node stamps the control step and
    the camera nodes answer with the frame nearest to it, so the same join holds.
    """

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._names = frozenset(t.name for t in topics)
        self._sets: dict[int, dict[str, Any]] = {}

    def add(self, topic: Topic, message: Any) -> Mapping[str, Any] | None:
        """The complete set {topic name: message} if ``message`` was the last one missing at its stamp."""
        got = self._sets.setdefault(message.stamp_ns, {})
        got[topic.name] = message
        if self._names != got.keys():
            self._forget_old()
            return None
        self._sets = {s: v for s, v in self._sets.items() if s > message.stamp_ns}
        return got

    def clear(self) -> None:
        """Forget everything half-collected."""
        self._sets.clear()

    def _forget_old(self) -> None:
        for stamp in sorted(self._sets)[:-_KEPT]:
            del self._sets[stamp]
