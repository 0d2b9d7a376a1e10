"""Where a camera's thread leaves its newest frame for the node to take."""

from __future__ import annotations

import threading
import time

from robot.cameras.driver import Frame
from robot.core.errors import DeviceLost


class NewestFrame:
    """A slot between two threads: the newest frame wins, each is taken once, and a loss stays.

    Args:
        timeout_s: silence after which the camera counts as lost.
        silence: what `take` then says: what failed, and the next step.
    """

    def __init__(self, timeout_s: float, silence: str) -> None:
        self._timeout_s, self._silence = timeout_s, silence
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._lost: Exception | None = None
        self._heard_s = time.monotonic()

    def put(self, frame: Frame) -> None:
        """A frame arrived."""
        with self._changed:
            self._frame, self._heard_s = frame, time.monotonic()
            self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """No more will come; `take` raises ``error`` once the last frame is taken."""
        with self._changed:
            self._lost = error
            self._changed.notify_all()

    def take(self) -> Frame | None:
        """The newest frame not taken before, or None; DeviceLost after a loss or ``timeout_s`` of silence."""
        with self._changed:
            frame, self._frame = self._frame, None
            if frame is None and self._lost is not None:
                raise self._lost
            if frame is None and time.monotonic() - self._heard_s > self._timeout_s:
                raise DeviceLost(self._silence)
            return frame

    def wait(self, timeout_s: float) -> Frame | None:
        """The first frame, left in its place, or None after ``timeout_s``; a loss meanwhile is raised."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._lost is not None, timeout_s)
            if self._frame is None and self._lost is not None:
                raise self._lost
            return self._frame
