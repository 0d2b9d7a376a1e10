"""SIGINT and SIGTERM as a flag, so that devices are closed in order and not in the middle of a command."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Remembers the last stop signal between enter and exit; outside the main thread it hears none."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is threading.main_thread():  # Python installs handlers nowhere else
            self._previous = {s: signal.signal(s, self._remember) for s in _SIGNALS}
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def raise_received(self) -> None:
        """KeyboardInterrupt after SIGINT, SystemExit(143) after SIGTERM (128 + 15, as a shell reports it)."""
        if self.received == signal.SIGINT:
            raise KeyboardInterrupt
        if self.received is not None:
            raise SystemExit(128 + self.received)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = number
