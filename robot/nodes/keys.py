"""The operator's keys, as the session's terminal passes them on: one character each."""

from __future__ import annotations

import os
import queue
import select
import threading
import time

from robot.core import topics
from robot.core.node import Node
from robot.core.types import Event, Key

KEYS = {"y": Key.SUCCESS, "n": Key.FAILURE, "q": Key.STOP, "x": Key.CLEAR}
_PERIOD_S = 0.02
_POLL_S = 0.1


class KeyNode(Node):
    """Publishes a press as soon as it is read; a thread reads, so that nothing waits for the terminal."""

    name = "keys"
    outputs = (topics.EVENT,)
    period_s = _PERIOD_S

    def __init__(self, fd: int) -> None:
        self._fd = fd  # read as it is: a buffered reader would be held by the thread when the process ends
        self._pressed: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="keys", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def tick(self, now_ns: int) -> None:
        """Pass on what was pressed."""
        while not self._pressed.empty():
            self.publish(topics.EVENT, self._pressed.get())

    def close(self) -> None:
        """Stop reading."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _read(self) -> None:
        while not self._ended.is_set():
            if not select.select([self._fd], [], [], _POLL_S)[0]:
                continue
            if not (characters := os.read(self._fd, 64)):
                return  # whoever passes keys on has ended
            for character in characters.decode(errors="ignore"):
                if character in KEYS:
                    self._pressed.put(Event(time.time_ns(), KEYS[character], "terminal"))
