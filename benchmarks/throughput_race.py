"""Several learners take turns at the same sizes, so that a busy machine slows all of them alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.peers.case import Case
from benchmarks.peers.process import Seconds, WorkerProcess

UPDATES = ("full", "full_cached")


@dataclass(frozen=True)
class Entry:
    """One contestant of a race."""

    name: str
    module: str  # in benchmarks.peers
    python: str  # its interpreter
    missing: str = ""  # why it cannot run here
    peer: bool = True


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int  # turns of each contestant
    budget_s: float  # of CPU for one operation in one turn; at least one call
    calls: int  # at most, in one turn


@dataclass
class Row:
    """What one contestant did in one race."""

    case: Case
    contestant: str
    peer: bool
    missing: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    operations: dict[str, dict[str, float]] = field(default_factory=dict)  # see `summary`


def race(case: Case, entries: Sequence[Entry], effort: Effort) -> list[Row]:
    """Every entry's row, in order; those that cannot run say why."""
    rows = [Row(case, e.name, e.peer, e.missing) for e in entries]
    with ExitStack() as stack:
        running = [
            (row, stack.enter_context(WorkerProcess(e.python, e.module, case)))
            for row, e in zip(rows, entries, strict=True)
            if not e.missing
        ]
        times = _take_turns(running, effort, case)
        for row, worker in running:
            row.about = worker.about
            row.operations = {name: summary(calls) for name, calls in times[row.contestant].items()}
    return rows


def summary(calls: Sequence[Seconds]) -> dict[str, float]:
    """Medians in milliseconds, the best wall time, and how many calls it is of."""
    wall = np.concatenate([c.wall_s for c in calls]) * 1e3
    cpu = np.concatenate([c.cpu_s for c in calls]) * 1e3
    values = {
        "cpu_ms": np.median(cpu),
        "wall_ms": np.median(wall),
        "wall_best_ms": wall.min(),
        "wall_p99_ms": np.percentile(wall, 99),
    }
    return {"calls": len(wall)} | {k: round(float(v), 4) for k, v in values.items()}


def _take_turns(
    running: Sequence[tuple[Row, WorkerProcess]], effort: Effort, case: Case
) -> dict[str, dict[str, list[Seconds]]]:
    times: dict[str, dict[str, list[Seconds]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(effort.rounds):
        for row, worker in running:
            # With all threads only what a session waits for: an update, an action.
            names = worker.operations if case.one_thread else [*UPDATES, "act"]
            for name in (n for n in names if n in worker.operations):
                before = times[row.contestant][name]
                before.append(worker.do(name, _calls(before, effort) if turn else 1))
    return times


def _calls(before: Sequence[Seconds], effort: Effort) -> int:
    one = min(before[0].cpu_s)
    return int(np.clip(effort.budget_s / one, 1, effort.calls))
