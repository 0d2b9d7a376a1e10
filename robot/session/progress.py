"""Where a session stands: metric rows folded, one at a time, into the numbers that a person wants to see."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from robot.session.metrics import STAGES, Row

WINDOW = 20  # episodes


@dataclass
class StageProgress:
    """One stage: how far, how long, and how much longer."""

    name: str
    state: str = "waiting"  # waiting, start, done, skipped
    total: int = 0
    done: int = 0
    done_at_start: int = 0
    started_s: float = 0.0  # unix time of the newest start
    active_s: float = 0.0  # seconds worked on it, over all starts

    @property
    def fraction(self) -> float:
        """How much is done, in [0, 1]."""
        if self.state in ("done", "skipped"):
            return 1.0
        return min(1.0, self.done / self.total) if self.total else 0.0

    def eta_s(self, now_s: float) -> float | None:
        """Seconds left at the pace since the newest start; None before the first progress."""
        fresh = self.done - self.done_at_start
        if self.state != "start" or fresh <= 0 or not self.total:
            return None
        return max(0.0, (now_s - self.started_s) / fresh * (self.total - self.done))


@dataclass
class SessionProgress:
    """Everything the live view shows; feed it rows in the order they were written."""

    stages: dict[str, StageProgress] = field(default_factory=lambda: {n: StageProgress(n) for n in STAGES})
    current: str = ""
    recent: deque[Row] = field(
        default_factory=lambda: deque(maxlen=WINDOW)
    )  # the last episodes of this stage
    online: list[Row] = field(default_factory=list)  # every episode of the online stage
    latest: dict[str, Row] = field(default_factory=dict)  # kind -> its newest row
    restarts: int = 0
    _last_s: float = 0.0

    def feed(self, row: Row) -> None:
        """Take one metrics row; kinds it does not know are left alone."""
        self._count_time(row)
        self.latest[row["kind"]] = row
        handler = getattr(self, f"_on_{row['kind']}", None)
        if handler is not None:
            handler(row)

    @property
    def online_steps(self) -> int:
        """Control steps of the online stage so far."""
        return self.stages["online"].done

    @property
    def weights_version(self) -> int:
        """The newest version that an episode or the learner reported."""
        rows = (self.latest.get(k, {}) for k in ("learner", "episode"))
        return max(int(r.get("weights_version") or 0) for r in rows)

    def _count_time(self, row: Row) -> None:
        # From one row to the next, so the gap between a crash and the resume is not counted.
        if (self.current and row["kind"] != "stage") or row.get("state") == "done":
            stage = self.stages.get(self.current)
            if stage is not None:
                stage.active_s += max(0.0, row["t"] - self._last_s)
        self._last_s = row["t"]

    def _on_stage(self, row: Row) -> None:
        stage = self.stages[row["stage"]]
        if stage.state == "done" and row["state"] == "skipped":
            return  # a resumed session skips what an earlier run did
        if row["state"] == "again":
            stage.state, stage.done = "waiting", 0
            return
        stage.state, stage.total = row["state"], int(row.get("total") or stage.total)
        if stage.state == "start":
            self.current = stage.name
            self.recent.clear()
            stage.started_s, stage.done_at_start = row["t"], stage.done
        elif self.current == stage.name:
            self.current = ""

    def _on_episode(self, row: Row) -> None:
        stage = self.stages[row["stage"]]
        self.recent.append(row)
        if stage.name == "online":
            self.online.append(row)
            stage.done = max(stage.done, int(row["online_steps"]))
        else:
            stage.done += 1

    def _on_bc(self, row: Row) -> None:
        self.stages["bc"].done, self.stages["bc"].total = int(row["step"]), int(row["total"])

    def _on_learner(self, row: Row) -> None:
        self.stages["online"].done = max(self.stages["online"].done, int(row.get("online_steps") or 0))

    def _on_restart(self, row: Row) -> None:
        self.restarts += 1


def follow(rows: Iterable[Row]) -> SessionProgress:
    """The state after all these rows."""
    progress = SessionProgress()
    for row in rows:
        progress.feed(row)
    return progress
