"""The keys pressed in the session's own terminal, while it shows the live table."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable
from types import TracebackType

from robot.nodes.keys import KEYS

HELP = "y success · n failure · q stop · x ready (the scene is set, hands are out) · Ctrl-C ends"
_POLL_S = 0.1


class TerminalKeys:
    """Context manager: calls ``on_key`` from a thread for every known key. Nothing without a terminal.

    The terminal is put back as it was, also after an error. Ctrl-C works as ever.
    """

    def __init__(self, on_key: Callable[[str], None]) -> None:
        self._on_key = on_key
        self._ended = threading.Event()
        self._before: list[object] | None = None
        self._thread = threading.Thread(target=self._read, name="terminal_keys", daemon=True)

    def __enter__(self) -> TerminalKeys:
        if sys.stdin.isatty():
            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno())
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._before is not None:
            self._thread.join()
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)  # type: ignore[arg-type]

    def _read(self) -> None:
        fd = sys.stdin.fileno()
        while not self._ended.is_set():
            if select.select([fd], [], [], _POLL_S)[0]:
                for character in os.read(fd, 64).decode(errors="ignore"):
                    if character in KEYS:
                        self._on_key(character)
