"""The few numbers a session is remembered by, computed in one place for summary.json and the report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from robot.session.metrics import Row
from robot.session.progress import SessionProgress, follow
from robot.session.statistics import Rate, autonomous_rate, steps_to_threshold


@dataclass(frozen=True)
class Headline:
    """Base against final success, and what the way there cost."""

    base: Rate  # evaluation episodes of the frozen base alone
    final: Rate  # evaluation episodes with the last weights
    online_steps: int  # control steps
    online_steps_to_90: int | None
    online_episodes: int
    interventions: int  # times a person took over, online
    human_steps: int  # control steps a person drove, online
    restarts: int
    stage_s: dict[str, float]  # seconds worked on each stage

    @property
    def active_s(self) -> float:
        """Seconds worked on all stages together; gaps between runs are left out."""
        return sum(self.stage_s.values())


def headline(metrics: Sequence[Row]) -> Headline:
    """Fold a session's metric rows."""
    progress, online = follow(metrics), of_stage(metrics, "online")
    return Headline(
        base=autonomous_rate(of_stage(metrics, "base_eval")),
        final=autonomous_rate(of_stage(metrics, "final_eval")),
        online_steps=progress.online_steps,
        online_steps_to_90=steps_to_threshold(online),
        online_episodes=len(online),
        interventions=sum(int(e["handovers"]) for e in online),
        human_steps=sum(int(e["interventions"]) for e in online),
        restarts=progress.restarts,
        stage_s=_stage_seconds(progress),
    )


def of_kind(metrics: Iterable[Row], kind: str) -> list[Row]:
    """The rows of one kind."""
    return [r for r in metrics if r["kind"] == kind]


def of_stage(metrics: Iterable[Row], stage: str) -> list[Row]:
    """The episodes of one stage; where it was begun again, those since."""
    found: list[Row] = []
    for row in (r for r in metrics if r.get("stage") == stage):
        if row["kind"] == "episode":
            found.append(row)
        elif row.get("state") == "again":
            found.clear()
    return found


def _stage_seconds(progress: SessionProgress) -> dict[str, float]:
    return {s.name: s.active_s for s in progress.stages.values() if s.state in ("start", "done")}
