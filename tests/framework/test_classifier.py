"""The success classifier as a whole: it learns a toy, judges a stream as it was measured, and comes back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from policies.replay.episode import Episode
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.frames import frames_of
from policies.rewards.classifier.judge import SuccessClassifier
from policies.rewards.classifier.labels import labelled
from policies.rewards.classifier.making import Made, make_classifier
from policies.rewards.classifier.measuring import score
from policies.rewards.classifier.stored import load, save
from policies.rewards.classifier.training import balanced_loss, train
from robot.core.errors import NudgeError, SpecMismatch, StoreError
from robot.core.types import Outcome
from tests.unit.classifier_toys import INPUTS, toy_episode

CONFIG = ClassifierConfig(margin_steps=0, embed_size=8, hidden_size=16, max_updates=150, learning_rate=3e-3)


@pytest.fixture(scope="module")
def episodes() -> list[Episode]:
    return [toy_episode(i, Outcome.SUCCESS if i % 2 else Outcome.TIME_LIMIT) for i in range(40)]


@pytest.fixture(scope="module")
def made(episodes: list[Episode]) -> Made:
    usable = [e for e in (labelled(e, INPUTS, CONFIG) for e in episodes) if e is not None]
    return make_classifier(usable, INPUTS, CONFIG, lambda updates, loss: None)


@pytest.fixture
def folder(made: Made, tmp_path: Path) -> Path:
    save(tmp_path / "judge", made.stored)
    return tmp_path / "judge"


def test_it_learns_a_toy(made: Made) -> None:
    assert made.held_out.frames.recall >= 0.8
    assert made.held_out.episodes.false_positives == 0


def test_what_cannot_be_learned_stops_early_and_the_best_is_kept() -> None:
    noise = [labelled(toy_episode(i, Outcome(i % 2), signal=0.0), INPUTS, CONFIG) for i in range(8)]
    train_on, tune_on = (frames_of([e for e in half if e is not None]) for half in (noise[:4], noise[4:]))
    config, seen = replace(CONFIG, patience=2, check_every=10, use_state=False), {}
    trained = train(train_on, tune_on, config, seen.__setitem__)
    assert trained.updates_made == trained.updates + 20 < config.max_updates
    assert trained.tune_loss == pytest.approx(balanced_loss(trained.model, tune_on, config))
    assert all(trained.tune_loss - 1e-3 <= loss for loss in seen.values())


def test_it_measures_on_starts_that_it_has_not_seen(made: Made, episodes: list[Episode]) -> None:
    held_out = {e.start for e in made.parts.held_out}
    assert not held_out & set(made.stored.seen)
    assert len(held_out) + len(made.stored.seen) == len(episodes)


def test_a_stream_is_judged_as_the_measurement_says(
    made: Made, folder: Path, episodes: list[Episode]
) -> None:
    judge, episode = SuccessClassifier.load(folder), episodes[1]
    material = labelled(episode, INPUTS, CONFIG)
    assert material is not None
    (want,) = score(made.stored, [material])
    judge.begin()
    got = [judge.step(*seen(episode, t)) for t in range(len(episode) + 1)]
    assert [v.probability for v in got] == pytest.approx(want.probability, abs=1e-5)
    assert not any(v.success for v in got)  # one frame of two


def test_success_needs_k_frames_in_a_row_of_one_episode(folder: Path, episodes: list[Episode]) -> None:
    judge, (maps, state) = SuccessClassifier.load(folder), seen(episodes[1], -1)
    assert [judge.step(maps, state).success for _ in range(3)] == [False, True, True]
    judge.begin()
    assert not judge.step(maps, state).success
    elsewhere = {**state, "arm/position": np.ones(3, np.float32)}
    assert [judge.step(maps, s).success for s in (elsewhere, state, state)] == [False, False, True]


def test_a_nan_is_never_a_success(folder: Path, episodes: list[Episode]) -> None:
    judge, (maps, state) = SuccessClassifier.load(folder), seen(episodes[1], -1)
    blind = {"wrist": np.full_like(maps["wrist"], np.nan)}
    numb = {**state, "arm/twist": np.full(2, np.nan, np.float32)}
    verdicts = [judge.step(m, s) for m, s in [(blind, state)] * 3 + [(maps, numb)] * 3]
    assert not any(v.success for v in verdicts)
    assert np.isnan(verdicts[0].probability)


def test_what_was_saved_comes_back(made: Made, folder: Path) -> None:
    back = load(folder, INPUTS)
    assert (back.config, back.inputs, back.seen) == (CONFIG, INPUTS, made.stored.seen)
    assert (back.threshold, back.temperature) == (made.stored.threshold, made.stored.temperature)
    with pytest.raises(NudgeError, match="is there already"):
        save(folder, made.stored)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"encoder": "trunk-2"}, "encoder: got trunk-2, want trunk-1"),
        ({"task": "lift"}, "task: got lift, want peg"),
    ],
)
def test_another_trunk_or_task_is_refused(folder: Path, change: dict[str, str], named: str) -> None:
    with pytest.raises(SpecMismatch, match=named):
        SuccessClassifier.load(folder, replace(INPUTS, **change))


def test_damage_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nudge reward train"):
        load(tmp_path / "nowhere")
    settings = json.loads((folder / "classifier.json").read_text())
    settings["inputs"]["encoder"] = "trunk-2"
    (folder / "classifier.json").write_text(json.dumps(settings))
    with pytest.raises(StoreError, match="was edited"):
        load(folder)
    (folder / "weights.npz").write_bytes(b"short")
    with pytest.raises(StoreError, match="checksum"):
        load(folder)


def seen(episode: Episode, t: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    maps = {camera: m[t] for camera, m in episode.features.items()}
    return maps, {name: v[t] for name, v in episode.state.items()}
