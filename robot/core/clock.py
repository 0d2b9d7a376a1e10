"""Where `now` comes from: the twin's lockstep time or the machine's."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the time in nanoseconds."""

    def now_ns(self) -> int:
        """Nanoseconds; never runs backwards."""
        ...


class WallClock:
    """Real time, for a real cell."""

    def now_ns(self) -> int:
        """Unix time in nanoseconds."""
        return time.time_ns()


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
