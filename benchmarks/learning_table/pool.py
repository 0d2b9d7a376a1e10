"""Runs sessions side by side, a base before the arms that start from it; Ctrl-C loses none."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from benchmarks.learning_table.machine import environment
from benchmarks.learning_table.session_run import SessionRun
from robot.core.errors import NudgeError
from robot.process_group import ProcessGroup

_POLL_S = 0.5


class Pool:
    """``todo`` waits, ``running`` runs, ``failed`` says why; ``done`` is called for each that ends well."""

    def __init__(
        self, todo: Sequence[SessionRun], jobs: int, commit: str, done: Callable[[SessionRun], None]
    ) -> None:
        self.todo, self.running = list(todo), list[SessionRun]()
        self.finished: list[SessionRun] = []
        self.failed: dict[str, str] = {}
        self._jobs, self._commit, self._done = jobs, commit, done

    def run(self, on_poll: Callable[[Pool], None]) -> None:
        """Run everything; an exception (Ctrl-C) stops the children, who can be started again as they are."""
        with ProcessGroup() as group:
            while self.todo or self.running:
                self._reap(group)
                self._start(group)
                on_poll(self)
                time.sleep(_POLL_S)
        on_poll(self)

    def _reap(self, group: ProcessGroup) -> None:
        for run in [r for r in self.running if not group.is_alive(r.cell.name)]:
            self.running.remove(run)
            status = group.poll()[run.cell.name]
            if status == 0 and run.done:
                self._finish(run)
            else:
                self._fail(run, f"exit status {status}:\n{group.tail(run.cell.name, 12)}")

    def _finish(self, run: SessionRun) -> None:
        self._done(run)
        self.finished.append(run)

    def _fail(self, run: SessionRun, why: str) -> None:
        self.failed[run.cell.name] = why

    def _start(self, group: ProcessGroup) -> None:
        for run in list(self.todo):
            if len(self.running) >= self._jobs:
                return
            needs = run.needs
            if needs is not None and needs.cell.name in self.failed:
                self.todo.remove(run)
                self._fail(run, f"{needs.cell.name} failed, whose base it starts from")
            elif needs is None or needs.done:
                self.todo.remove(run)
                self._launch(run, group)

    def _launch(self, run: SessionRun, group: ProcessGroup) -> None:
        try:
            run.prepare(self._commit)
        except NudgeError as error:
            self._fail(run, str(error))
            return
        if run.done:  # ended before, but its row was not written yet
            self._finish(run)
            return
        log = run.runs / "logs" / f"{run.cell.name}.log"
        group.start(run.cell.name, run.argv(), environment(os.environ), log)
        self.running.append(run)
