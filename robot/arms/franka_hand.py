"""The Franka Hand in a thread of its own: its commands block for up to a second, the arm's loop must not."""

from __future__ import annotations

import logging
import threading
from typing import Any

log = logging.getLogger(__name__)

_BLOCKED_M = 0.002  # further open than asked after a move: something is between the fingers
_SAME_M = 0.0005  # smaller changes are not worth a command
_ANY_WIDTH_M = 0.1  # more than the stroke: whatever stopped the fingers was meant to be held


class FrankaHand:
    """Moves the fingers to the newest width asked for; what stops them on the way in is grasped with force.

    Args:
        hand: the vendor's gripper object: `move`, `grasp`, `read_once`.
        error: what the vendor's bindings raise.
        speed_mps, force_n: of the fingers, and with which a thing is held.
    """

    def __init__(self, hand: Any, error: type[Exception], speed_mps: float, force_n: float) -> None:
        self._hand, self._error, self._speed_mps, self._force_n = hand, error, speed_mps, force_n
        self._state = hand.read_once()
        self._asked_m: float | None = None  # written by `go` only; the thread remembers what it has done
        self._closing = threading.Event()
        self.fault = ""  # why the hand no longer takes commands; empty while it does
        self._thread = threading.Thread(target=self._run, name="franka hand", daemon=True)
        self._thread.start()

    @property
    def width_m(self) -> float:
        """As last measured; not renewed while the fingers move."""
        return float(self._state.width)

    @property
    def is_grasped(self) -> bool:
        """Whether the hand says that it holds something."""
        return bool(self._state.is_grasped)

    def go(self, width_m: float) -> None:
        """Ask for a width; returns at once. Asking for the same again does nothing."""
        width_m = min(max(width_m, 0.0), float(self._state.max_width))
        if self._asked_m is None or abs(width_m - self._asked_m) > _SAME_M:
            self._asked_m = width_m

    def close(self) -> None:
        """Let the command under way end, then give the thread back."""
        self._closing.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        done: float | None = None
        try:
            while not self._closing.is_set():
                wanted = self._asked_m
                if wanted is not None and wanted != done and not self._holds_already(wanted):
                    self._move(wanted)
                done = wanted
                self._state = self._hand.read_once()  # waits for the next, some 16 ms
        except self._error as error:
            self.fault = f"gripper: {error}; look at the hand in Desk (is it homed and on?)"

    def _holds_already(self, wanted_m: float) -> bool:
        return self.is_grasped and wanted_m <= self.width_m  # squeezing again would drop it for a moment

    def _move(self, wanted_m: float) -> None:
        self._hand.move(wanted_m, self._speed_mps)
        self._state = self._hand.read_once()
        if self.width_m <= wanted_m + _BLOCKED_M:
            return
        held = self._hand.grasp(self.width_m, self._speed_mps, self._force_n, _ANY_WIDTH_M, _ANY_WIDTH_M)
        if not held:
            log.warning("gripper: stopped at %.4f m on the way to %.4f m", self.width_m, wanted_m)
