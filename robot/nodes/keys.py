"""The operator's keys, as the session's terminal passes them on: one character a line of its own topic."""

from __future__ import annotations

import queue
import threading
import time
from typing import BinaryIO

from robot.core import topics
from robot.core.node import Node
from robot.core.types import Event, Key

KEYS = {"y": Key.SUCCESS, "n": Key.FAILURE, "q": Key.STOP, "x": Key.CLEAR}
_PERIOD_S = 0.02


class KeyNode(Node):
    """Publishes a press as soon as it is read; a thread reads, so that nothing waits for the terminal."""

    name = "keys"
    outputs = (topics.EVENT,)
    period_s = _PERIOD_S

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._pressed: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def start(self) -> None:
        """Begin to read; the thread ends with the stream, or with the process."""
        threading.Thread(target=self._read, name="keys", daemon=True).start()

    def tick(self, now_ns: int) -> None:
        """Pass on what was pressed."""
        while not self._pressed.empty():
            self.publish(topics.EVENT, self._pressed.get())

    def _read(self) -> None:
        while character := self._stream.read(1):
            key = KEYS.get(character.decode(errors="replace"))
            if key is not None:
                self._pressed.put(Event(time.time_ns(), key, "terminal"))
