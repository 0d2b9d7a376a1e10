"""Coroutines that another thread can stop at once, wherever they wait."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from policies.rewards.vlm.errors import Dropped

R = TypeVar("R")


class Interruptible:
    """Runs coroutines in the calling threads, each in an event loop of its own, until it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._closed = False

    def run(self, coroutine: Coroutine[Any, Any, R]) -> R:
        """The coroutine's result; Dropped if `close` came first. Not for a thread whose event loop runs."""
        loop = asyncio.new_event_loop()
        task = loop.create_task(coroutine)
        try:
            self._add(task, loop)
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            raise Dropped("the VLM client was closed before an answer was there") from None
        finally:
            with self._lock:
                self._running.pop(task, None)
            _finish(task, loop)

    def close(self) -> None:
        """Stop whatever runs, and let nothing start again; does not wait."""
        with self._lock:
            self._closed = True
            for task, loop in self._running.items():
                loop.call_soon_threadsafe(task.cancel)

    def _add(self, task: asyncio.Task[Any], loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._running[task] = loop
            if self._closed:
                task.cancel()


def _finish(task: asyncio.Task[Any], loop: asyncio.AbstractEventLoop) -> None:
    """Close the loop. Unlike ``asyncio.run`` this waits for no thread: one may hang in a name look-up."""
    if not task.done():  # Ctrl-C left it standing
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
