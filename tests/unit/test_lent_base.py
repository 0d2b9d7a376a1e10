"""The reward race: a base is trained and evaluated once a seed."""

from __future__ import annotations

from pathlib import Path

from benchmarks.reward_race.lent_base import lend_base
from robot.session.metrics import MetricsLog, read_metrics

_FILES = ("checkpoint.safetensors", "policy.safetensors", "policy.json", "demo_actions.safetensors")


def _session(runs: Path, name: str, *, evaluated: bool) -> Path:
    run = runs / name
    (run / "base").mkdir(parents=True)
    (run / "eval" / "base_eval").mkdir(parents=True)
    for file in _FILES:
        (run / "base" / file).write_text(name)
    (run / "eval" / "base_eval" / "store").write_text(name)
    log = MetricsLog(run / "metrics.jsonl")
    for stage in ("demos", "bc", "base_eval"):
        log.write("stage", stage=stage, state="start", total=1)
        if stage != "base_eval" or evaluated:
            log.write("stage", stage=stage, state="done", total=1)
    log.close()
    return run


def test_a_new_session_takes_over_the_evaluated_base_of_its_seed(tmp_path: Path) -> None:
    _session(tmp_path, "sparse-1", evaluated=True)
    _session(tmp_path, "sparse-2", evaluated=True)
    new = tmp_path / "shaped-oracle-1"
    new.mkdir()
    lend_base(tmp_path, new, seed=1)
    # Its own demonstrations carry the plans that labelled them, so their base actions are its own too.
    assert sorted(p.name for p in (new / "base").iterdir()) == sorted(_FILES[:3])
    assert (new / "base" / "policy.json").read_text() == "sparse-1"
    assert (new / "eval" / "base_eval" / "store").read_text() == "sparse-1"
    assert {r["stage"] for r in read_metrics(new / "metrics.jsonl")} == {"base_eval"}


def test_a_base_that_is_not_evaluated_is_not_lent(tmp_path: Path) -> None:
    _session(tmp_path, "sparse-1", evaluated=False)
    new = tmp_path / "shaped-oracle-1"
    new.mkdir()
    lend_base(tmp_path, new, seed=1)
    assert list(new.iterdir()) == []


def test_a_session_that_has_begun_keeps_its_own_base(tmp_path: Path) -> None:
    _session(tmp_path, "sparse-1", evaluated=True)
    own = _session(tmp_path, "shaped-oracle-1", evaluated=False)
    lend_base(tmp_path, own, seed=1)
    assert (own / "base" / "policy.json").read_text() == "shaped-oracle-1"
