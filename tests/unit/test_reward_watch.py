"""When a potential must not pay any more, and that a person is told."""

from __future__ import annotations

import logging

import pytest

from policies.rewards.reward_watch import RewardWatch
from policies.rewards.shaping.alarms import AlarmConfig

CONFIG = AlarmConfig(window_steps=10, episodes=4)
HIGHEST = 0.5


def episode(watch: RewardWatch, labels: list[float], success: bool) -> None:
    for label in labels:
        watch.step(label)
    watch.end(success)


def test_progress_freezes_nothing() -> None:
    watch = RewardWatch(CONFIG, HIGHEST)
    for t in range(30):
        watch.step(HIGHEST * t / 30)
        assert not watch.frozen


def test_a_stalled_episode_is_frozen_to_its_end_and_the_next_one_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    watch = RewardWatch(CONFIG, HIGHEST)
    seen = []
    for _ in range(14):
        watch.step(0.2)
        seen.append(watch.frozen)
    assert seen == [False] * 10 + [True] * 4
    watch.end(False)
    assert not watch.frozen
    assert len(caplog.records) == 1
    assert "stall" in caplog.text


def test_failures_that_score_like_successes_freeze_the_session(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watch = RewardWatch(CONFIG, HIGHEST)
    for n in range(4):
        assert not watch.frozen
        success = n % 2 == 0
        episode(watch, [0.0, 0.1 if success else 0.4], success)
    assert watch.frozen
    episode(watch, [0.0, 0.4], True)
    assert watch.frozen
    assert len(caplog.records) == 1
    assert "reward gap" in caplog.text


def test_demonstrations_that_hardly_score_freeze_the_session(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watch = RewardWatch(CONFIG, HIGHEST)
    for _ in range(3):
        assert not watch.misleading
        episode(watch, [0.0, 0.3 * HIGHEST], success=True)
    assert watch.misleading
    assert "missed success" in caplog.text


def test_successes_that_score_above_failures_freeze_nothing() -> None:
    watch = RewardWatch(CONFIG, HIGHEST)
    for n in range(12):
        success = n % 2 == 0
        episode(watch, [0.0, 0.4 if success else 0.1], success)
        assert not watch.frozen


def test_episodes_without_labels_say_nothing() -> None:
    watch = RewardWatch(CONFIG, HIGHEST)
    for _ in range(20):
        watch.end(False)
    assert not watch.frozen
