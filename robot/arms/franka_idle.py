"""The newest state of an arm while no control loop brings it."""

from __future__ import annotations

import threading
from typing import Any


class IdleReader:
    """Reads states in a thread until closed; `error` says why it ended before that.

    Args:
        robot: the vendor's robot object: `read_once` waits for the next state, 1 ms.
        error: what the vendor's bindings raise.
        newest: shown until the first state is read.
    """

    def __init__(self, robot: Any, error: type[Exception], newest: Any) -> None:
        self._robot, self._error = robot, error
        self.newest, self.error = newest, ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="franka states", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """The robot object is free for other calls after this; waits a state, or the vendor's time-out."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self.newest = self._robot.read_once()
        except self._error as error:
            self.error = str(error)
