"""The learning table's sessions: equal ground for every arm, and a pool that loses nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.learning_table import share
from benchmarks.learning_table.marker import Marker, base_id, read_marker
from benchmarks.learning_table.milestones import evaluate_milestones
from benchmarks.learning_table.plan import Cell
from benchmarks.learning_table.pool import Pool
from benchmarks.learning_table.session_run import SessionRun
from benchmarks.learning_table.todo import sessions
from policies.replay.episode_store import EpisodeStore
from robot.core.errors import NudgeError
from robot.session.config import SessionConfig, preset, save_config
from tests.unit.counting_episode import record

BASE = Cell("bc", "peg_insert_state", 0, "local")
ARM = replace(BASE, arm="residual")


def metric(kind: str, **values: object) -> str:
    return json.dumps({"t": 1.0, "kind": kind, **values})


@pytest.fixture
def base(tmp_path: Path) -> SessionRun:
    """A finished imitation session: two demonstrations, one failed attempt's metrics, an evaluation."""
    run = SessionRun(BASE, tmp_path)
    run.prepare("aaaaaaa")
    save_config(replace(preset("bc"), task=BASE.task, host="local"), run.run_dir / "config.json")
    store = EpisodeStore(run.run_dir / "episodes")
    for number in range(2):
        record(store, number, 5, mode="demo")
    store.close()
    for name in ("base", "eval/base_eval/0"):
        (run.run_dir / name).mkdir(parents=True)
    (run.run_dir / "base" / "policy.safetensors").write_bytes(b"weights")
    stages = ("demos", "bc", "base_eval", "online")
    rows = [metric("stage", stage=s, state=state) for s in stages for state in ("start", "done")]
    rows.insert(3, metric("bc", step=1, total=1, loss=0.5))
    (run.run_dir / "metrics.jsonl").write_text("\n".join(rows) + "\n")
    (run.run_dir / "summary.json").write_text("{}")
    evaluate_milestones(run.run_dir)
    return run


def stages_of(run: SessionRun) -> list[str]:
    rows = map(json.loads, (run.run_dir / "metrics.jsonl").read_text().splitlines())
    return list(dict.fromkeys(r.get("stage", r["kind"]) for r in rows))


def test_an_arm_starts_from_a_copy_of_the_base(base: SessionRun) -> None:
    arm = replace(base, cell=ARM)
    arm.prepare("bbbbbbb")
    assert EpisodeStore(arm.run_dir / "episodes").ids() == [0, 1]
    assert (arm.run_dir / "base" / "policy.safetensors").read_bytes() == b"weights"
    assert stages_of(arm) == ["demos", "bc", "base_eval"]
    assert read_marker(arm.run_dir) == Marker(("bbbbbbb",), "aaaaaaa", base_id(base.run_dir))
    assert arm.needs is None
    assert not arm.done


def test_an_arm_without_a_base_gets_the_demonstrations_alone(base: SessionRun, tmp_path: Path) -> None:
    config = replace(preset("rlpd"), task=BASE.task, host="local")
    share.start_from(base.run_dir, tmp_path / "rlpd", config, "bbbbbbb")
    assert EpisodeStore(tmp_path / "rlpd" / "episodes").ids() == [0, 1]
    assert not (tmp_path / "rlpd" / "base").exists()
    assert '"bc"' not in (tmp_path / "rlpd" / "metrics.jsonl").read_text()


def test_an_arm_that_wants_other_demonstrations_is_refused(base: SessionRun, tmp_path: Path) -> None:
    config = SessionConfig(task=BASE.task, host="local", demos=7)
    with pytest.raises(NudgeError, match="demos: the base has 15, got 7"):
        share.start_from(base.run_dir, tmp_path / "other", config, "bbbbbbb")
    assert not (tmp_path / "other").exists()


def test_a_copy_that_was_cut_off_is_made_again(base: SessionRun) -> None:
    arm = replace(base, cell=ARM)
    aside = base.runs / f".{ARM.name}.tmp"
    (aside / "base").mkdir(parents=True)
    arm.prepare("bbbbbbb")
    assert not aside.exists()
    assert read_marker(arm.run_dir) is not None


def test_a_resumed_session_names_both_commits(base: SessionRun) -> None:
    base.prepare("bbbbbbb")
    base.prepare("bbbbbbb")
    marker = read_marker(base.run_dir)
    assert marker is not None
    assert marker.commit == "aaaaaaa..bbbbbbb"


def test_the_base_comes_first_and_once(tmp_path: Path) -> None:
    cells = [ARM, replace(ARM, arm="residual_alone")]
    found = sessions(cells, tmp_path, None, None)
    assert [r.cell.arm for r in found] == ["bc", "residual", "residual_alone"]


def test_a_finished_base_is_not_run_again(base: SessionRun) -> None:
    assert [r.cell.arm for r in sessions([ARM], base.runs, None, None)] == ["residual"]


class FakeSession(SessionRun):
    """Instead of training, a child that runs ``CODE[arm]`` in its run folder."""

    CODE = {"bc": "", "residual": "", "residual_alone": ""}

    def argv(self) -> list[str]:
        code = f"import os; os.chdir({str(self.run_dir)!r}); {self.CODE[self.cell.arm]}"
        return [sys.executable, "-c", code]


ENDS_WELL = "[open(n + '.json', 'w').write('{}') for n in ('summary', 'milestones')]"


def run_pool(cells: list[Cell], runs: Path, monkeypatch: pytest.MonkeyPatch, **code: str) -> Pool:
    monkeypatch.setattr(FakeSession, "CODE", code)
    monkeypatch.setattr("benchmarks.learning_table.pool._POLL_S", 0.01)
    pool = Pool([FakeSession(c, runs) for c in cells], 2, "bbbbbbb", done=lambda run: None)
    pool.run(lambda pool: None)
    return pool


def test_the_pool_finishes_what_it_can(
    base: SessionRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = replace(ARM, arm="residual_alone")
    code = {"residual": ENDS_WELL, "residual_alone": "raise SystemExit('no disk')"}
    pool = run_pool([BASE, ARM, alone], base.runs, monkeypatch, **code)
    assert [r.cell for r in pool.finished] == [BASE, ARM]  # the base was done: its row is all it needs
    assert list(pool.failed) == [alone.name]
    assert "no disk" in pool.failed[alone.name]


def test_an_exit_without_a_summary_is_a_failure(base: SessionRun, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = run_pool([ARM], base.runs, monkeypatch, residual="pass")
    assert "exit status 0" in pool.failed[ARM.name]


def test_arms_of_a_failed_base_fail_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = run_pool([BASE, ARM], tmp_path, monkeypatch, bc="raise SystemExit(1)", residual=ENDS_WELL)
    assert pool.failed[ARM.name] == f"{BASE.name} failed, whose base it starts from"
    assert not pool.finished


def test_an_old_session_is_set_aside_and_kept(base: SessionRun) -> None:
    base.set_aside()
    assert not base.run_dir.exists()
    assert (base.runs / f"{BASE.name}.old-0" / "summary.json").exists()
    assert read_marker(base.run_dir) is None
