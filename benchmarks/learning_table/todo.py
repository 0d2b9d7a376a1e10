"""Which sessions are to be run, in an order in which every base comes before the arms that need it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from benchmarks.learning_table import commits
from benchmarks.learning_table.plan import Cell
from benchmarks.learning_table.results import newest
from benchmarks.learning_table.row import Row
from benchmarks.learning_table.session_run import SessionRun


def without_row(wanted: Iterable[Cell], rows: Iterable[Row], since: str | None) -> list[Cell]:
    """The cells that no row fills; with ``since``, rows in which an older commit had a hand do not count."""
    filled = newest(r for r in rows if since is None or _is_since(r, since))
    return [c for c in wanted if (c.arm, c.task, c.seed, c.host) not in filled]


def sessions(cells: Iterable[Cell], runs: Path, settings: Path | None, since: str | None) -> list[SessionRun]:
    """The cells' sessions and the bases they lack; folders made by commits before ``since`` are set aside."""
    found: dict[str, SessionRun] = {}
    for cell in cells:
        for run in _with_base(SessionRun(cell, runs, settings), since):
            found.setdefault(run.cell.name, run)
    return list(found.values())


def _with_base(run: SessionRun, since: str | None) -> list[SessionRun]:
    _set_old_aside(run, since)
    base = run.needs
    if base is None:
        return [run]
    _set_old_aside(base, since)
    return [run] if base.done else [base, run]


def _set_old_aside(run: SessionRun, since: str | None) -> None:
    if since is not None and not run.is_since(since):
        run.set_aside()


def _is_since(row: Row, since: str) -> bool:
    return commits.is_since(row.commit, since) and commits.is_since(row.base_commit, since)
