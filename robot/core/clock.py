"""Where `now` comes from in the twin: time that its steps move on."""

from __future__ import annotations


class SimClock:
    """Simulated time: stands still until somebody advances it."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns

    def now_ns(self) -> int:
        """The last time set."""
        return self._now_ns

    def set(self, now_ns: int) -> None:
        """Move to ``now_ns``; going backwards is a bug in the caller."""
        if now_ns < self._now_ns:
            raise ValueError(f"simulated time runs backwards: {now_ns} ns after {self._now_ns} ns")
        self._now_ns = now_ns
