"""The benchmark in a terminal: what runs, how far it is, how much is left."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table

from benchmarks.learning_table.pool import Pool
from robot.session.live import clock, plain_line
from robot.session.metrics import MetricsTail
from robot.session.progress import SessionProgress

_REDRAW_S, _PLAIN_S = 1.0, 60.0


class View:
    """Context manager; call it with the pool as often as you like."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._started_s, self._drawn_s = time.time(), 0.0
        self._tails: dict[str, tuple[MetricsTail, SessionProgress, float]] = {}
        self._told: set[str] = set()

    def __enter__(self) -> View:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, pool: Pool) -> None:
        """Redraw if it is time; ends and failures are told at once."""
        self._tell_ends(pool)
        now = time.time()
        if now - self._drawn_s < (_PLAIN_S if self._live is None else _REDRAW_S):
            return
        self._drawn_s = now
        if self._live is not None:
            self._live.update(self.render(pool, now), refresh=True)
            return
        self._console.print(self._summary(pool, now), highlight=False)
        for name, text in self._lines(pool, now):
            self._console.print(f"  {name}: {text}", highlight=False, soft_wrap=True)

    def render(self, pool: Pool, now_s: float) -> Table:
        """The whole view at one time (unix seconds)."""
        table = Table(title=self._summary(pool, now_s), title_justify="left", box=None, show_header=False)
        for name, text in self._lines(pool, now_s):
            table.add_row(name, text)
        return table

    def _tell_ends(self, pool: Pool) -> None:
        ends = {r.cell.name: "done" for r in pool.finished} | pool.failed
        for name in [n for n in ends if n not in self._told]:
            self._told.add(name)
            self._console.print(f"{name}: {ends[name]}", highlight=False, markup=False, soft_wrap=True)

    def _summary(self, pool: Pool, now_s: float) -> str:
        elapsed, done = now_s - self._started_s, len(pool.finished)
        left = len(pool.todo) + len(pool.running)
        words = [clock(elapsed), f"{done} done", f"{len(pool.running)} running", f"{len(pool.todo)} waiting"]
        words += [f"{len(pool.failed)} failed"] if pool.failed else []
        words += [f"about {clock(elapsed / done * left)} left"] if done else []
        return " · ".join(words)

    def _lines(self, pool: Pool, now_s: float) -> list[tuple[str, str]]:
        return [(r.cell.name, self._line(r.cell.name, r.run_dir, now_s)) for r in pool.running]

    def _line(self, name: str, run_dir: Path, now_s: float) -> str:
        if name not in self._tails:
            self._tails[name] = (MetricsTail(run_dir / "metrics.jsonl"), SessionProgress(), now_s)
        tail, progress, since_s = self._tails[name]
        for row in tail.poll():
            progress.feed(row)
        return plain_line(progress, now_s - since_s, now_s)
