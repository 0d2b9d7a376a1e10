"""One seed, one session: to the bit with cameras and encoder, and a finished session is left as it is."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policies.bc.config import BcConfig
from policies.learner_config import LearnerConfig
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.residual.config import ResidualConfig
from robot.core.errors import ConfigError
from robot.session.config import SessionConfig
from robot.session.evaluation import evaluate
from robot.session.job import Job
from robot.session.metrics import read_metrics
from robot.session.runner import LocalRunner
from robot.session.session import run_session

RIG = SessionConfig(host="local", demos=2)
RESIDUAL = ResidualConfig(hidden=(32, 32), critics=2, batch_size=16)
LEARNER = LearnerConfig(RESIDUAL, warmup_steps=20, critic_only_updates=4, publish_every=10)
TINY = SessionConfig(
    task="peg_insert_state",
    host="local",
    demos=2,
    online_steps=60,
    eval_episodes=2,
    eval_workers=1,
    use_base=True,
    bc=BcConfig(train_steps=30, warmup_steps=5, batch_size=16, widths=(16, 32), sampling_steps=2),
    learner=LEARNER,
)


def arrays(episode: Episode) -> Iterator[tuple[str, np.ndarray]]:
    """Every array of an episode with its name."""
    for field in dataclasses.fields(episode):
        value = getattr(episode, field.name)
        if isinstance(value, np.ndarray):
            yield field.name, value
        elif isinstance(value, dict):
            yield from ((f"{field.name}/{name}", array) for name, array in value.items())


def demos(run_dir: Path, config: SessionConfig) -> list[Episode]:
    job = Job(run_dir, config, "demos")
    LocalRunner().run(job, lambda: None)
    return EpisodeStore(job.store_root).read_all("demo")


def test_one_seed_gives_the_same_episodes_to_the_bit(tmp_path: Path) -> None:
    first, again = demos(tmp_path / "a", RIG), demos(tmp_path / "b", RIG)
    assert len(first) == len(again) >= 2
    for a, b in zip(first, again, strict=True):
        assert (a.header, a.outcome) == (b.header, b.outcome)
        for (name, x), (_, y) in zip(arrays(a), arrays(b), strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y, err_msg=name)
    assert first[0].images["wrist"].std() > 10
    assert np.ptp(first[0].features["front"]) > 0
    other = demos(tmp_path / "c", replace(RIG, seed=1, demos=1))[0]
    for part in ("state", "images", "features"):
        for name, array in getattr(first[0], part).items():
            if name not in ("arm/position", "arm/rotation"):  # an episode starts at the identity
                assert (array[0] != getattr(other, part)[name][0]).any(), name


def content(run_dir: Path) -> dict[str, tuple[int, bytes]]:
    """What training produced: file -> when it was written, and its bytes."""
    folders = ("episodes", "base", "residual", "weights", "eval")
    files = (f for folder in folders for f in sorted((run_dir / folder).rglob("*")) if f.is_file())
    return {str(f.relative_to(run_dir)): (f.stat().st_mtime_ns, f.read_bytes()) for f in files}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A tiny session from demonstrations to the final evaluation."""
    run_dir: Path = tmp_path_factory.mktemp("session") / "run"
    with pytest.MonkeyPatch.context() as patch:
        # Compiling takes most of the time; an update more or less well optimised does not matter here.
        patch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_cpu_multi_thread_eigen=false")
        return run_dir, dict(run_session(run_dir, TINY))


def test_a_session_ends_with_its_summary_and_report(session: tuple[Path, dict[str, Any]]) -> None:
    run_dir, summary = session
    assert json.loads((run_dir / "summary.json").read_text()) == summary
    assert "peg_insert_state" in (run_dir / "report.html").read_text()
    assert summary["online_steps"] >= 60
    assert summary["base_success"] is not None
    assert summary["final_success"] is not None
    assert summary["weights_versions"] >= 1
    store = EpisodeStore(run_dir / "episodes")
    assert summary["steps_recorded"] == sum(store.card(i).steps for i in store.ids())
    assert summary["online_steps"] == sum(c.steps for c in store.cards("train"))
    for stage in ("base_eval", "final_eval"):
        cards = EpisodeStore(run_dir / "eval" / stage / "0").cards("eval")
        assert [c.header.seed for c in cards] == [900_000, 900_001]


def test_a_finished_session_run_again_changes_nothing(session: tuple[Path, dict[str, Any]]) -> None:
    run_dir, summary = session
    before, rows = content(run_dir), len(read_metrics(run_dir / "metrics.jsonl"))
    again = run_session(run_dir, TINY)
    assert content(run_dir) == before
    new = read_metrics(run_dir / "metrics.jsonl")[rows:]
    assert {(r["kind"], r.get("state")) for r in new} == {("stage", "done")}
    assert {k: v for k, v in again.items() if k != "wall_time_s"} == {
        k: v for k, v in summary.items() if k != "wall_time_s"
    }
    assert again["wall_time_s"] == pytest.approx(summary["wall_time_s"], abs=1.0)


def test_a_run_is_evaluated_in_held_out_cells_too(session: tuple[Path, dict[str, Any]]) -> None:
    run_dir, _ = session
    same, other = (evaluate(run_dir, "final", 2, cell) for cell in (None, "held_out"))
    assert [r["randomize"] for r in (same, other)] == ["off", "held_out"]
    assert [Path(r["folder"]).name for r in (same, other)] == ["final-0", "final-held_out-0"]
    assert "in held_out cells" in other["text"]
    first, second = (EpisodeStore(Path(r["folder"]) / "0").read_all("eval") for r in (same, other))
    assert [e.header.seed for e in first] == [e.header.seed for e in second]
    assert {e.header.config_hash for e in first}.isdisjoint(e.header.config_hash for e in second)
    for a, b in zip((e.state for e in first), (e.state for e in second), strict=True):
        assert (a["arm/wrench"][0] != b["arm/wrench"][0]).any()  # more noise on the same start
        np.testing.assert_allclose(a["privileged/socket"][0], b["privileged/socket"][0], atol=1e-4)


def test_a_run_folder_belongs_to_its_settings(session: tuple[Path, dict[str, Any]]) -> None:
    with pytest.raises(ConfigError, match="online_steps: the run has 60, got 50"):
        run_session(session[0], replace(TINY, online_steps=50))
