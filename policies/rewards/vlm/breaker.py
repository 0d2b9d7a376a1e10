"""A circuit breaker: a server that keeps failing is left alone for a while, then tried with one question.

Closed, open and half-open as in M. Nygard, Release It! (2007).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum


class BreakerState(Enum):
    """Closed lets everything through, open nothing, half-open one question."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Counts failed questions in a row. Safe to share between threads."""

    def __init__(self, failures: int, rest_s: float, now_s: Callable[[], float]) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._now_s = now_s
        self._lock = threading.Lock()
        self._failed = 0
        self._opened_s: float | None = None
        self._trying = False

    @property
    def state(self) -> BreakerState:
        """As of now: an open breaker becomes half-open with time alone."""
        with self._lock:
            return self._state()

    @property
    def rest_left_s(self) -> float:
        """Until the next question is let through; 0 unless open."""
        with self._lock:
            return self._left_s()

    def admit(self) -> bool:
        """Whether a question may go out. True must be followed by `succeeded`, `failed` or `abandoned`."""
        with self._lock:
            state = self._state()
            if state is BreakerState.HALF_OPEN and not self._trying:
                self._trying = True
                return True
            return state is BreakerState.CLOSED

    def succeeded(self) -> None:
        """A question was answered: closed, whatever was before."""
        with self._lock:
            self._failed, self._opened_s, self._trying = 0, None, False

    def failed(self) -> None:
        """A question failed; enough of them in a row, or the one of half-open, open the breaker."""
        with self._lock:
            self._failed += 1
            if self._trying or self._failed >= self._limit:
                self._opened_s = self._now_s()
            self._trying = False

    def abandoned(self) -> None:
        """A question was given up by its asker, which says nothing about the server."""
        with self._lock:
            self._trying = False

    def _state(self) -> BreakerState:
        if self._opened_s is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if self._left_s() > 0 else BreakerState.HALF_OPEN

    def _left_s(self) -> float:
        if self._opened_s is None:
            return 0.0
        return max(0.0, self._opened_s + self._rest_s - self._now_s())
