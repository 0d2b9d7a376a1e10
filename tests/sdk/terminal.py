"""A pseudo-terminal whose keys a test presses and holds, and whose screen it reads."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_REPEAT_S = 0.04  # as a terminal repeats a held key
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """Both ends of a pty; `name` is what a program opens. A thread reads the screen: nothing ever blocks."""

    def __init__(self) -> None:
        self._keys, self._screen = pty.openpty()
        self.name, self.raw = os.ttyname(self._screen), ""
        termios.tcsetwinsize(self._screen, (30, 100))
        self._closing = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def text(self) -> str:
        """All that was shown so far, without the escape sequences."""
        return _ESCAPES.sub("", self.raw)

    @property
    def mode(self) -> list[Any]:
        """The terminal's settings."""
        return termios.tcgetattr(self._screen)

    def run(self, argv: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
        """A program in the foreground of this terminal, which it has as its own."""

        def own() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        s = self._screen
        env = {**env, "TERM": "xterm"}
        return subprocess.Popen(
            argv, env=env, stdin=s, stdout=s, stderr=s, start_new_session=True, preexec_fn=own
        )

    def press(self, key: str) -> None:
        """Once."""
        os.write(self._keys, key.encode())

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """The key repeats until the block ends."""
        released = threading.Event()

        def repeat() -> None:
            while not released.wait(_REPEAT_S):
                self.press(key)

        finger = threading.Thread(target=repeat, daemon=True)
        finger.start()
        try:
            yield
        finally:
            released.set()
            finger.join()

    def close(self) -> None:
        """Hang up."""
        self._closing.set()
        self._reader.join()
        os.close(self._keys)
        os.close(self._screen)

    def _read(self) -> None:
        while not self._closing.is_set():
            if select.select([self._keys], [], [], 0.05)[0]:
                self.raw += os.read(self._keys, 65536).decode(errors="replace")


def until(condition: Callable[[], Any], running: subprocess.Popen[bytes], said: Callable[[], str]) -> Any:
    """What the condition gives once it holds; the test fails if the process ends, or after a minute."""
    deadline = time.monotonic() + 60.0
    while not (found := condition()):
        assert running.poll() is None, f"ended with {running.returncode}:\n{said()[-3000:]}"
        assert time.monotonic() < deadline, f"not within a minute:\n{said()[-3000:]}"
        time.sleep(0.05)
    return found
