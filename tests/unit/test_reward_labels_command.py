"""`nudge reward check`, `relabel` and `veto` on a made-up run, from the command line to the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from policies.replay.episode_store import EpisodeStore
from policies.rewards.keypoints.plan_store import PlanStore
from robot import cli
from robot.session.config import SessionConfig, save_config
from tests.unit.lifting_episodes import lifting_plan, make_run
from tests.unit.reward_scene import CONFIG

Nudge = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nudge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Nudge:
    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["nudge", "reward", *map(str, arguments)])
        return cli.main(), *capsys.readouterr()

    return run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run", 4, 4)


def dense(run: Path, name: str, episode: int) -> np.ndarray:
    with np.load(run / "rewards" / name / f"{episode:08d}.npz") as stored:
        return stored["dense"]


def test_shaping_is_a_go_and_kagi_s_rule_is_not(nudge: Nudge, run: Path) -> None:
    status, out, _ = nudge("check", run)
    assert (status, out.splitlines()[-1]) == (0, "GO")
    status, out, _ = nudge("check", run, "--rule", "kagi", "--json")
    told = json.loads(out)
    assert (status, told["go"], told["successes"], told["failures"]) == (1, False, 4, 4)
    assert told["text"].splitlines()[-1].startswith("NO-GO: ")


def test_episodes_of_a_vetoed_plan_are_left_out_and_too_few_are_an_error(nudge: Nudge, run: Path) -> None:
    for version in (1, 2):
        assert nudge("veto", run, version, "--reason", "wrong thing")[0] == 0
    status, _, err = nudge("check", run)
    assert status == 2
    assert "got 2 successes and 4 failures" in err


def test_a_run_labelled_again_by_its_own_plans_does_not_change(nudge: Nudge, run: Path) -> None:
    status, out, _ = nudge("relabel", run, "--rule", "shaped", "--json")
    told = json.loads(out)
    assert (status, told["episodes"], told["labelled"], told["changed"]) == (0, 8, 8, 0)
    assert told["mean_live_return"] == pytest.approx(told["mean_new_return"], abs=1e-6)
    for i in range(8):
        np.testing.assert_allclose(
            dense(run, "shaped", i), EpisodeStore(run / "episodes").read(i).dense, atol=1e-6
        )
    assert json.loads((run / "rewards" / "shaped" / "config.json").read_text())["rule"] == "shaped"
    status, _, err = nudge("relabel", run, "--rule", "shaped")
    assert status == 2
    assert "never overwritten" in err


def test_a_vetoed_plan_labels_nothing(nudge: Nudge, run: Path) -> None:
    plan = PlanStore(run / "plans").plans()[2]
    status, out, _ = nudge("veto", run, plan.id, "--reason", "wrong thing")
    assert status == 0
    assert f"plan 3 ({plan.id}) vetoed: wrong thing" in out
    assert [v.plan_id for v in PlanStore(run / "plans").vetoes()] == [plan.id]
    status, out, _ = nudge("relabel", run, "--rule", "shaped", "--name", "after", "--json")
    assert (json.loads(out)["changed"], dense(run, "after", 2).any()) == (1, False)
    assert dense(run, "after", 1).any()


def test_other_plans_are_found_by_their_pictures_and_label_the_whole_episode(
    nudge: Nudge, run: Path, tmp_path: Path
) -> None:
    others = PlanStore(tmp_path / "plans")
    others.write(lifting_plan(1, picture="picture 3"))
    arguments = ("relabel", run, "--rule", "shaped", "--plans", tmp_path / "plans", "--name", "other")
    status, out, _ = nudge(*arguments, "--json")
    told = json.loads(out)
    # Episode 3 by its picture, episode 0 by its version: no picture of it is known there.
    assert (status, told["labelled"]) == (0, 2)
    assert (dense(run, "other", 3) > 0).all()
    assert (dense(run, "other", 0) > 0).all()
    assert not dense(run, "other", 1).any()


def test_a_job_that_was_cut_off_keeps_what_it_had(nudge: Nudge, run: Path) -> None:
    assert nudge("relabel", run, "--rule", "kagi")[0] == 0
    folder = run / "rewards" / "kagi"
    (folder / "report.json").unlink()
    (folder / "00000006.npz").unlink()
    kept = (folder / "00000005.npz").stat().st_mtime_ns
    assert nudge("relabel", run, "--rule", "kagi")[0] == 0
    assert (folder / "00000006.npz").exists()
    assert (folder / "00000005.npz").stat().st_mtime_ns == kept


def test_what_cannot_be_vetoed_is_refused(nudge: Nudge, run: Path) -> None:
    assert "no plan '99'" in nudge("veto", run, 99, "--reason", "x")[2]
    assert "without a reason" in nudge("veto", run, 1, "--reason", " ")[2]
    assert nudge("veto", run, 1, "--reason", "wrong")[0] == 0
    assert "vetoed by" in nudge("veto", run, 1, "--reason", "again")[2]


def test_a_run_without_plans_is_refused(nudge: Nudge, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", 1, 1)
    save_config(SessionConfig(task="lift_state"), run / "config.json")
    status, _, err = nudge("check", run)
    assert status == 2
    assert "learned by the rule 'sparse'" in err


def test_a_run_that_kept_no_cameras_is_refused_but_for_the_rule_that_needs_none(
    nudge: Nudge, run: Path
) -> None:
    seen = replace(CONFIG, top_camera="wrist", side_camera="front")
    save_config(SessionConfig(task="lift", reward=seen), run / "config.json")
    status, _, err = nudge("relabel", run, "--rule", "shaped")
    assert status == 2
    assert "0001.cameras.json is missing: the run was recorded by a version that kept no cameras" in err
    assert nudge("relabel", run, "--rule", "kagi")[0] == 0
