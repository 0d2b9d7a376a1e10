"""Child processes of one session: started with a log each, stopped together, and gone when the parent is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from robot.core.errors import NudgeError, UnknownName

_ESCALATION = ((signal.SIGTERM, 3.0), (signal.SIGKILL, 5.0))  # after SIGINT: signal, then seconds to die
_POLL_S = 0.02
_PR_SET_PDEATHSIG = 1


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    log_path: Path

    def returncode(self) -> int | None:
        """The exit status; when it is first seen, what the child left in its process group is killed."""
        if self.process.returncode is None and self.process.poll() is not None:
            self.signal_group(signal.SIGKILL)
        return self.process.returncode

    def signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


class ProcessGroup:
    """Named child processes. Use it as a context manager: leaving it stops all of them.

    When the parent dies without leaving it (kill -9, out of memory), Linux sends each child SIGTERM, so a
    child that handles it still closes its devices. Start children from the main thread: the kernel counts
    the end of the *thread* that started a child as its parent's death.
    """

    def __init__(self) -> None:
        self._children: dict[str, _Child] = {}

    def __enter__(self) -> ProcessGroup:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        argv: Sequence[str],
        env: Mapping[str, str],
        log_path: Path,
        listens: bool = False,
    ) -> None:
        """Start ``argv`` with exactly the environment ``env``; its output is appended to ``log_path``.

        One that ``listens`` has a standard input that `tell` writes to, any other has none. A dead
        child's name is free. Raises NudgeError if ``name`` still runs or the program does not start.
        """
        if name in self._children and self.is_alive(name):
            raise NudgeError(f"process {name!r} already runs; stop it before starting it again")
        log_path.parent.mkdir(parents=True, exist_ok=True)
        with log_path.open("ab") as log:
            try:
                process = subprocess.Popen(
                    list(argv),
                    env=dict(env),
                    stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=_die_with_parent(),
                )
            except OSError as error:
                raise NudgeError(f"process {name!r} does not start: {argv[0]}: {error}") from error
        self._children[name] = _Child(process, log_path)

    def tell(self, name: str, text: str) -> None:
        """Write to the standard input of a child that listens; one that has just died misses it."""
        pipe = self._child(name).process.stdin
        assert pipe is not None, f"{name} was not started to listen"
        with contextlib.suppress(BrokenPipeError):
            pipe.write(text.encode())
            pipe.flush()

    def poll(self) -> dict[str, int | None]:
        """Exit status of every child by name; None while it runs, minus the signal that killed it."""
        return {name: child.returncode() for name, child in self._children.items()}

    def is_alive(self, name: str) -> bool:
        """Whether the child still runs."""
        return self._child(name).returncode() is None

    def wait(self, name: str, timeout_s: float) -> int | None:
        """Wait for the child to end; its exit status, or None if it still runs after ``timeout_s``."""
        child = self._child(name)
        _wait_all([child], timeout_s)
        return child.returncode()

    def stop(self, *names: str, patience_s: float = 5.0) -> None:
        """End these children together, or all of them.

        SIGINT, after ``patience_s`` SIGTERM, after 3 s more SIGKILL, to their whole groups.
        """
        children = [self._child(n) for n in names or self._children]
        for number, to_die_s in ((signal.SIGINT, patience_s), *_ESCALATION):
            running = [c for c in children if c.returncode() is None]
            for child in running:
                child.signal_group(number)
            _wait_all(running, to_die_s)

    def tail(self, name: str, lines: int = 20) -> str:
        """The last lines of the child's log, for an error message."""
        text = self._child(name).log_path.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _child(self, name: str) -> _Child:
        if name not in self._children:
            raise UnknownName("process", name, self._children)
        return self._children[name]


def _wait_all(children: Iterable[_Child], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    waiting = list(children)
    while waiting := [c for c in waiting if c.returncode() is None]:
        if time.monotonic() > deadline:
            return
        time.sleep(_POLL_S)


def _die_with_parent() -> Callable[[], None]:
    # Everything that allocates or imports is done here, before the fork.
    prctl, parent = ctypes.CDLL(None, use_errno=True).prctl, os.getpid()

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)

    return in_child
