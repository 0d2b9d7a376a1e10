"""An arm on a task over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from benchmarks.learning_table.row import Row
from robot.session.statistics import Rate


@dataclass(frozen=True)
class Summary:
    """Means are over seeds; rates pool all episodes, so their interval leaves out how seeds differ."""

    seeds: tuple[int, ...]
    base: Rate | None
    final: Rate
    worst: Rate  # the seed that ended lowest
    steps_to_90: tuple[int | None, ...]  # of each seed
    minutes_to_90: float | None  # on the robot, resets not counted; None unless every seed got there
    handovers: float
    human_share: float | None  # of online steps; None without any
    cycle_time_s: float | None
    cycle_ratio: float | None
    wall_min: float
    commits: tuple[str, ...]

    @property
    def reached(self) -> int:
        """Seeds that got to 90 %."""
        return sum(s is not None for s in self.steps_to_90)

    @property
    def mean_steps_to_90(self) -> float | None:
        """None unless every seed got there: a mean over the lucky ones would flatter."""
        steps = [s for s in self.steps_to_90 if s is not None]
        return fmean(steps) if steps and len(steps) == len(self.steps_to_90) else None


def summarise(rows: Sequence[Row]) -> Summary:
    """Rows of one arm, task and host, at least one, each of another seed."""
    rows = sorted(rows, key=lambda r: r.seed)
    bases = [r.base for r in rows if r.base is not None]
    steps = sum(r.online_steps for r in rows)
    return Summary(
        seeds=tuple(r.seed for r in rows),
        base=pooled(bases) if bases else None,
        final=pooled([r.final for r in rows]),
        worst=min((r.final for r in rows), key=lambda rate: rate.value),
        steps_to_90=tuple(r.steps_to_90 for r in rows),
        minutes_to_90=_mean([_minutes_to_90(r) for r in rows]),
        handovers=fmean(r.handovers for r in rows),
        human_share=sum(r.human_steps for r in rows) / steps if steps else None,
        cycle_time_s=_mean([r.cycle_time_s for r in rows]),
        cycle_ratio=_mean([r.cycle_ratio for r in rows]),
        wall_min=fmean(r.wall_min for r in rows),
        commits=tuple(dict.fromkeys(r.commit for r in rows)),
    )


def pooled(rates: Sequence[Rate]) -> Rate:
    """All their trials together."""
    return Rate(sum(r.successes for r in rates), sum(r.n for r in rates))


def _minutes_to_90(row: Row) -> float | None:
    return None if row.steps_to_90 is None else row.steps_to_90 * row.control_period_s / 60


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return fmean(known) if known and len(known) == len(values) else None
