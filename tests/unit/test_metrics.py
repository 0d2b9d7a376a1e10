"""The metrics file and what is folded from it: nothing torn, nothing lost, only working time counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from robot.core.errors import StoreError
from robot.session.headline import headline
from robot.session.metrics import MetricsLog, MetricsTail, read_metrics
from robot.session.progress import follow
from tests.unit.fake_session import fake_session


def test_row_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "run" / "metrics.jsonl")
    log.write("bc", step=np.int64(3), loss=np.float32(0.5), spread=float("nan"), counts=np.arange(2))
    (row,) = read_metrics(tmp_path / "run" / "metrics.jsonl")
    assert row["t"] > 1e9
    assert {k: row[k] for k in row if k != "t"} == {
        **{"kind": "bc", "step": 3, "loss": 0.5, "spread": None, "counts": [0, 1]}
    }


def test_tail_waits_for_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    tail = MetricsTail(path)
    assert tail.poll() == []
    whole = json.dumps({"t": 1.0, "kind": "bc", "step": 7}) + "\n"
    path.write_text(whole + whole[:9])
    assert [r["step"] for r in tail.poll()] == [7]
    assert tail.poll() == []
    with path.open("a") as file:
        file.write(whole[9:])
    assert [r["step"] for r in tail.poll()] == [7]


def test_a_line_torn_by_a_kill_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"t": 1.0, "kind": "bc", "st')
    MetricsLog(path).write("bc", step=8)
    assert [r["step"] for r in read_metrics(path)] == [8]


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no metrics at"):
        read_metrics(tmp_path / "metrics.jsonl")


def _stage(t: float, state: str, stage: str = "online", total: int = 100) -> dict[str, object]:
    return {"t": t, "kind": "stage", "stage": stage, "state": state, "total": total}


def test_stage_time_leaves_out_the_gap_before_a_resume() -> None:
    rows = [_stage(0, "start"), {"t": 10, "kind": "actor"}, _stage(1000, "start"), _stage(1005, "done")]
    assert follow(rows).stages["online"].active_s == 15


def test_eta_is_at_the_pace_since_the_resume() -> None:
    rows = [_stage(0, "start"), {"t": 10, "kind": "learner", "online_steps": 40}, _stage(1000, "start")]
    progress = follow([*rows, {"t": 1010, "kind": "learner", "online_steps": 60}])
    assert progress.stages["online"].eta_s(1010) == pytest.approx(20)
    assert follow(rows).stages["online"].eta_s(1000) is None


def test_skipped_stage_is_complete_and_takes_no_time() -> None:
    stage = follow([_stage(0, "skipped", "bc"), {"t": 50, "kind": "actor"}]).stages["bc"]
    assert (stage.fraction, stage.active_s) == (1.0, 0.0)


def test_resume_that_skips_a_done_stage_keeps_its_time() -> None:
    rows = [_stage(0, "start", "bc"), _stage(9, "done", "bc"), _stage(500, "skipped", "bc")]
    stage = follow(rows).stages["bc"]
    assert (stage.state, stage.active_s) == ("done", 9)


def test_only_what_came_after_a_stage_began_again_counts() -> None:
    """A session that went on for longer ends with another evaluation, of other weights."""
    rows = fake_session()
    again = [_stage(rows[-1]["t"] + 1, "again", "final_eval"), *_failures("final_eval", 3)]
    before, after = headline(rows), headline([*rows, *again])
    assert before.final.n == 20
    assert (after.final.successes, after.final.n) == (0, 3)
    assert (after.base, after.online_steps) == (before.base, before.online_steps)
    stage = follow([*rows, *again]).stages["final_eval"]
    assert (stage.state, stage.done) == ("waiting", 3)


def _failures(stage: str, count: int) -> list[dict[str, Any]]:
    found = next(r for r in fake_session() if r["kind"] == "episode" and r["stage"] == stage)
    return [{**found, "success": False, "outcome": "failure"}] * count
