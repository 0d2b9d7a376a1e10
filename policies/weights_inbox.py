"""Where new weights wait: checked in a thread of their own, taken between two control ticks."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from typing import Any, Protocol

from robot.core.errors import WeightsRefused
from robot.core.types import Array, Observation, Weights

log = logging.getLogger(__name__)

_LONGEST_TICK_S = 1.0


class Correction(Protocol):
    """The residual as the actor sees it."""

    @property
    def version(self) -> int:
        """Of the weights that act."""
        ...

    def load(self, weights: Weights) -> Any:
        """Check and convert, slowly; raises WeightsRefused."""
        ...

    def swap(self, ready: Any) -> None:
        """Use them from the next call on."""
        ...

    def drop(self) -> None:
        """Forget what was decided for steps to come: an episode begins, or the arm is handed over."""
        ...

    def act(
        self,
        observation: Observation,
        base_action: Array,
        seed: int | None = None,
        previous_action: Array | None = None,
    ) -> Array:
        """The correction [A]; ``previous_action`` [A] was executed before, whoever decided it."""
        ...


class WeightsInbox:
    """Guards a `Correction`: bad weights are refused with a logged reason and never touch it.

    Args:
        correction: whose weights are exchanged.
        threaded: check in the background; False checks in `offer`, for a host with one thread.
    """

    def __init__(self, correction: Correction, threaded: bool) -> None:
        self._correction = correction
        self._ready: deque[Any] = deque(maxlen=1)  # one operation a side: nothing is lost between threads
        self._idle = threading.Event()
        self._idle.set()
        self.refused = 0
        self.last_refusal = ""
        self._queue: queue.SimpleQueue[Weights | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True) if threaded else None
        if self._thread is not None:
            self._thread.start()

    def offer(self, weights: Weights) -> None:
        """New weights arrived; returns at once when threaded."""
        if self._thread is None:
            self._check(weights)
        else:
            self._queue.put(weights)

    def tick_begins(self) -> None:
        """Start no check until `tick_ends`."""
        self._idle.clear()

    def tick_ends(self) -> None:
        """There is time for a check now."""
        self._idle.set()

    def take(self) -> bool:
        """Swap in what is ready, if anything; called between two ticks. True if the version changed."""
        if not self._ready:
            return False
        ready = self._ready.pop()
        if ready.version <= self._correction.version:
            return False
        self._correction.swap(ready)
        return True

    def close(self) -> None:
        """Stop the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (weights := self._queue.get()) is not None:
            # A check beside a tick costs that tick 2 to 3 ms (measured); between two it costs nothing.
            self._idle.wait(_LONGEST_TICK_S)
            self._check(weights)

    def _check(self, weights: Weights) -> None:
        try:
            self._ready.append(self._correction.load(weights))
        except Exception as error:  # whatever is wrong with a message, the thread must live for the next
            self.refused += 1
            self.last_refusal = str(error)
            known = isinstance(error, WeightsRefused)
            log.error("%s; version %d keeps acting", error, self._correction.version, exc_info=not known)
