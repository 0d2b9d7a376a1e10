"""The thread that a camera's SDK is read in, so that no tick ever waits for a camera."""

from __future__ import annotations

import threading
from collections.abc import Callable

from robot.cameras.driver import Frame
from robot.cameras.newest_frame import NewestFrame


class FrameThread:
    """Calls ``grab`` until it raises or `stop` is called, then ``release``, all in one thread of its own.

    An SDK's handle is released where it is used: to close a capture that another thread reads is undefined.

    Args:
        name: of the thread, for a debugger.
        grab: waits a little for a frame; None if none came that may be used; raises DeviceLost.
        release: gives the device back.
        newest: where the frames, and what ``grab`` raised, go.
    """

    def __init__(
        self, name: str, grab: Callable[[], Frame | None], release: Callable[[], None], newest: NewestFrame
    ) -> None:
        self._grab, self._release, self._newest = grab, release, newest
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Ask the thread to end and wait for it; one that hangs in its SDK is left to end by itself."""
        self._stop.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                if (frame := self._grab()) is not None:
                    self._newest.put(frame)
        except Exception as error:  # whatever it is, the reader is told
            self._newest.fail(error)
        finally:
            self._release()
