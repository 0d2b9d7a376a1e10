"""`nudge reward train` and `eval` on a made-up run of the real task, from stored episodes to the picture."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from policies.replay.episode_store import EpisodeStore
from policies.rewards.classifier.config import ClassifierConfig
from policies.tasks import TASKS
from robot import cli
from robot.core.types import EpisodeEnd, EpisodeHeader, Observation, Outcome, Source, Step
from robot.session import reward_classifier
from robot.session.config import SessionConfig, save_config

SPEC = TASKS.load("peg_insert").rig_spec((8, 8, 112)).observation
Nudge = Callable[..., tuple[int, str, str]]


@pytest.fixture
def nudge(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Nudge:
    quick = partial(ClassifierConfig, max_updates=60, learning_rate=3e-3)
    monkeypatch.setattr(reward_classifier, "ClassifierConfig", quick)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["nudge", "reward", *map(str, arguments)])
        return cli.main(), *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("runs") / "peg", first_seed=0)


@pytest.mark.slow
def test_a_run_becomes_a_classifier_that_knows_the_successes_of_another(
    nudge: Nudge, run: Path, tmp_path: Path
) -> None:
    status, out, _ = nudge("train", run, "--out", tmp_path / "judge", "--json")
    told = json.loads(out)
    assert (status, told["task"], told["held_out"]["episodes"]) == (0, "peg_insert", 6)
    assert told["held_out"]["frames"]["recall"] == 1.0
    assert (tmp_path / "judge" / "threshold_curve.png").stat().st_size > 10_000

    other = make_run(tmp_path / "other", first_seed=50)
    status, out, _ = nudge("eval", tmp_path / "judge", other, "--json")
    told = json.loads(out)
    assert (status, told["left_out_seen"], told["measured"]["gated"]["successes"]) == (0, 0, 12)
    assert "precision" in nudge("eval", tmp_path / "judge", run)[1]

    status, _, err = nudge("train", run, "--out", tmp_path / "judge")
    assert status == 2
    assert "is there already" in err


def test_a_run_without_cameras_is_refused(nudge: Nudge, tmp_path: Path) -> None:
    save_config(SessionConfig(task="peg_insert_state"), tmp_path / "config.json")
    status, _, err = nudge("train", tmp_path)
    assert status == 2
    assert "'peg_insert_state' has no cameras" in err


def test_no_run_and_no_session_are_refused(nudge: Nudge, tmp_path: Path) -> None:
    assert nudge("train")[0] == 2
    status, _, err = nudge("train", tmp_path)
    assert status == 2
    assert "no session to read" in err


def make_run(folder: Path, first_seed: int) -> Path:
    """24 episodes of 6 steps, every other one a success whose last frame is bright in half the channels."""
    folder.mkdir()
    save_config(SessionConfig(preset="bc", learn=False), folder / "config.json")
    store, rng = EpisodeStore(folder / "episodes"), np.random.default_rng(first_seed)
    for i in range(24):
        outcome = Outcome.SUCCESS if i % 2 else Outcome.TIME_LIMIT
        writer = store.begin(EpisodeHeader(i, "peg_insert", first_seed + i, "ada", "c0ffee", "eval"))
        for t in range(6):
            writer.append(step(i, t, rng))
        end = observation(6, rng, bright=outcome is Outcome.SUCCESS)
        assert writer.finish(EpisodeEnd(i, 6, outcome, end, np.zeros(4, np.float32))) is not None
    store.close()
    return folder


def step(episode_id: int, t: int, rng: np.random.Generator) -> Step:
    zeros = np.zeros(4, np.float32)
    seen = observation(t, rng, bright=False)
    return Step(episode_id, t, seen, zeros, zeros, zeros, 0.0, 1.0, False, False, Source.POLICY, 0)


def observation(t: int, rng: np.random.Generator, bright: bool) -> Observation:
    state = {name: rng.normal(size=shape).astype(np.float32) for name, shape in SPEC.state.items()}
    maps = {camera: rng.normal(size=shape).astype(np.float16) for camera, shape in SPEC.features.items()}
    if bright:
        maps = {camera: m + (2 * (np.arange(112) % 2)).astype(np.float16) for camera, m in maps.items()}
    return replace(Observation(t, state), features=maps)
