"""One row of the learning table: a finished session in numbers, small enough to be kept in the repository."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.learning_table.marker import Marker
from benchmarks.learning_table.milestones import Milestone, read_milestones, steps_until
from benchmarks.learning_table.plan import IMITATION, Cell
from policies.tasks import TASKS
from robot.session.headline import headline, of_stage
from robot.session.metrics import Row as Metric
from robot.session.metrics import read_metrics
from robot.session.statistics import Rate


@dataclass(frozen=True)
class Row:
    """Results of one session; cycle times are means over successful episodes."""

    arm: str
    task: str
    seed: int
    host: str
    commit: str
    base_commit: str  # that made the demonstrations and the base
    base_id: str  # of the base's files: arms of one task and seed are comparable if it is the same
    machine: str
    finished: str  # ISO date and time, UTC
    base: Rate | None  # the frozen base alone; None for an arm without one
    final: Rate
    online_steps: int
    steps_to_90: int | None  # online steps until the policy alone succeeded 90 % of the time
    control_period_s: float
    handovers: int
    human_steps: int
    cycle_time_s: float | None
    demo_cycle_time_s: float | None
    stage_s: dict[str, float]
    milestones: tuple[Milestone, ...] = ()  # on the way; the end is `final`

    @property
    def key(self) -> tuple[str, str, int, str, str]:
        """There is one row for each."""
        return (self.arm, self.task, self.seed, self.host, self.commit)

    @property
    def cell(self) -> tuple[str, str, int, str]:
        """The place in the table that it fills."""
        return self.key[:4]

    @property
    def wall_min(self) -> float:
        """Minutes worked on the session, its share of the demonstrations and the base included."""
        return sum(self.stage_s.values()) / 60

    @property
    def cycle_ratio(self) -> float | None:
        """Cycle time of the final policy against the demonstrations'; below 1 it is the faster one."""
        if not self.cycle_time_s or not self.demo_cycle_time_s:
            return None
        return self.cycle_time_s / self.demo_cycle_time_s


def read_row(cell: Cell, run_dir: Path, marker: Marker, machine: str) -> Row:
    """The row of the finished session in ``run_dir``."""
    metrics = read_metrics(run_dir / "metrics.jsonl")
    head = headline(metrics)
    period_s = TASKS.load(cell.task).control_period_s
    last = "base_eval" if cell.arm == IMITATION else "final_eval"
    base, final = of_stage(metrics, "base_eval"), of_stage(metrics, last)
    final_rate, cycle_time_s = _rate(final), _cycle_time_s(final, period_s)
    milestones = read_milestones(run_dir)
    begin = [Milestone(0, _rate(base), None)] if base else []
    way = [*begin, *milestones, Milestone(head.online_steps, final_rate, cycle_time_s)]
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Row(
        **vars(cell),
        commit=marker.commit,
        base_commit=marker.base_commit,
        base_id=marker.base_id,
        machine=machine,
        finished=when,
        base=_rate(base) if base else None,
        final=final_rate,
        online_steps=head.online_steps,
        steps_to_90=None if cell.arm == IMITATION else steps_until(way, 0.9),
        control_period_s=period_s,
        handovers=head.interventions,
        human_steps=head.human_steps,
        cycle_time_s=cycle_time_s,
        demo_cycle_time_s=_cycle_time_s(of_stage(metrics, "demos"), period_s),
        stage_s={name: round(s, 1) for name, s in head.stage_s.items()},
        milestones=milestones,
    )


def _rate(episodes: Sequence[Metric]) -> Rate:
    finished = [e for e in episodes if e["outcome"] != "aborted"]
    return Rate(sum(bool(e["success"]) for e in finished), len(finished))


def _cycle_time_s(episodes: Sequence[Metric], period_s: float) -> float | None:
    steps = [int(e["steps"]) for e in episodes if e["success"]]
    return round(period_s * sum(steps) / len(steps), 3) if steps else None
