"""Questions asked beside control: handed over, polled, never waited for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.errors import Dropped, WorkerFailed
from robot.core.errors import NudgeError

log = logging.getLogger(__name__)

T = TypeVar("T")
_CLOSE_S = 0.9  # of the second that `close` may take


class Ticket(Generic[T]):
    """Stands for what a job will give."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._result: T | None = None
        self._error: NudgeError | None = None

    @property
    def done(self) -> bool:
        """There is a result or an error."""
        return self._done.is_set()

    def poll(self) -> T | None:
        """The result, or None while there is none; NudgeError if there will be none. Never waits."""
        if not self.done:
            return None
        if self._error is not None:
            raise self._error
        return self._result

    def wait(self, timeout_s: float) -> bool:
        """Whether it is done, at most so long from now. For command lines and tests, never for control."""
        return self._done.wait(timeout_s)

    def resolve(self, result: T | NudgeError) -> None:
        """For the worker: set what `poll` gives from now on."""
        if isinstance(result, NudgeError):
            self._error = result
        else:
            self._result = result
        self._done.set()


class VlmWorker:
    """A thread that does one job at a time with its client, the oldest key first, and closes it with itself.

    A job asks and makes something of the answer: what that takes does not belong in a control loop either.
    """

    def __init__(self, client: VlmClient) -> None:
        self._client = client
        self._changed = threading.Condition()
        self._pending: dict[str, tuple[Callable[[VlmClient], Any], Ticket[Any]]] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="vlm", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[VlmClient], T], key: str = "") -> Ticket[T]:
        """Hand over a job, never waiting; one not yet begun under the same ``key`` is dropped for it."""
        ticket: Ticket[T] = Ticket()
        with self._changed:
            older = self._pending.get(key)
            if self._closed:
                ticket.resolve(Dropped("the VLM worker is closed; start a new one to ask"))
            else:
                self._pending[key] = (job, ticket)
                self._changed.notify()
        if older is not None:
            older[1].resolve(Dropped(f"a newer question took the place of this one under {key!r}"))
        return ticket

    def close(self) -> None:
        """Give up what is asked and what waits; at most a second, also while a server hangs."""
        with self._changed:
            self._closed = True
            left = list(self._pending.values())
            self._pending.clear()
            self._changed.notify()
        self._client.close()
        for _, ticket in left:
            ticket.resolve(Dropped("the VLM worker was closed before this was asked"))
        self._thread.join(_CLOSE_S)
        if self._thread.is_alive():
            log.warning("VLM worker still busy %.1f s after it was closed; left to end by itself", _CLOSE_S)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            what, ticket = job
            ticket.resolve(self._result(what))

    def _next(self) -> tuple[Callable[[VlmClient], Any], Ticket[Any]] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._pending))
            return None if self._closed else self._pending.pop(next(iter(self._pending)))

    def _result(self, job: Callable[[VlmClient], T]) -> T | NudgeError:
        try:
            return job(self._client)
        except NudgeError as error:
            return error
        except Exception as error:  # whoever polls must get an error it knows, and the thread must live
            log.exception("VLM worker: a mistake in the program")
            return WorkerFailed(f"{type(error).__name__}: {error}; the traceback is in the log")
