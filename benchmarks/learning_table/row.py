"""One row of the learning table: a finished session in numbers, small enough to be kept in the repository."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.learning_table.marker import Marker
from benchmarks.learning_table.plan import IMITATION, Cell
from policies.tasks import TASKS
from robot.session.headline import headline, of_stage
from robot.session.metrics import Row as Metric
from robot.session.metrics import read_metrics
from robot.session.statistics import Rate, steps_to_threshold


@dataclass(frozen=True)
class Curve:
    """The online episodes in order; enough to draw a learning curve without the run folder."""

    steps: tuple[int, ...] = ()  # of each episode
    human: tuple[int, ...] = ()  # of them a person drove
    success: str = ""  # "1" or "0" an episode


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
    steps_to_90: int | None  # online steps until 90 % of 20 training episodes succeeded without help
    control_period_s: float
    handovers: int
    human_steps: int
    cycle_time_s: float | None
    demo_cycle_time_s: float | None
    stage_s: dict[str, float]
    curve: Curve

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
    head, online = headline(metrics), of_stage(metrics, "online")
    period_s = TASKS.load(cell.task).control_period_s
    last = "base_eval" if cell.arm == IMITATION else "final_eval"
    base, final = of_stage(metrics, "base_eval"), of_stage(metrics, last)
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Row(
        **vars(cell),
        commit=marker.commit,
        base_commit=marker.base_commit,
        base_id=marker.base_id,
        machine=machine,
        finished=when,
        base=_rate(base) if base else None,
        final=_rate(final),
        online_steps=head.online_steps,
        steps_to_90=steps_to_threshold(online),
        control_period_s=period_s,
        handovers=head.interventions,
        human_steps=head.human_steps,
        cycle_time_s=_cycle_time_s(final, period_s),
        demo_cycle_time_s=_cycle_time_s(of_stage(metrics, "demos"), period_s),
        stage_s={name: round(s, 1) for name, s in head.stage_s.items()},
        curve=_curve(online),
    )


def _rate(episodes: Sequence[Metric]) -> Rate:
    finished = [e for e in episodes if e["outcome"] != "aborted"]
    return Rate(sum(bool(e["success"]) for e in finished), len(finished))


def _cycle_time_s(episodes: Sequence[Metric], period_s: float) -> float | None:
    steps = [int(e["steps"]) for e in episodes if e["success"]]
    return round(period_s * sum(steps) / len(steps), 3) if steps else None


def _curve(online: Sequence[Metric]) -> Curve:
    return Curve(
        steps=tuple(int(e["steps"]) for e in online),
        human=tuple(int(e["interventions"]) for e in online),
        success="".join("1" if e["success"] else "0" for e in online),
    )
