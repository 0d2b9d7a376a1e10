"""When a potential must not pay any more, and that a person is told."""

from __future__ import annotations

import logging

import pytest

from policies.rewards.reward_watch import RewardWatch
from policies.rewards.shaping.alarms import AlarmConfig

CONFIG = AlarmConfig(window_steps=10, episodes=4)
HIGHEST = 0.5


def episode(watch: RewardWatch, labels: list[float], success: bool) -> bool:
    for label in labels:
        watch.step(label)
    return watch.end(success)


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


def test_failures_that_score_like_successes_mislead_and_what_comes_next_is_judged_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    watch, found = RewardWatch(CONFIG, HIGHEST), []
    for n in range(10):
        success = n % 2 == 0
        found.append(episode(watch, [0.0, 0.1 if success else 0.4], success))
    assert [n for n, misleads in enumerate(found) if misleads] == [3, 7]
    assert len(caplog.records) == 2
    assert "reward gap" in caplog.text


def test_demonstrations_that_hardly_score_mislead(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    watch = RewardWatch(CONFIG, HIGHEST)
    assert [episode(watch, [0.0, 0.3 * HIGHEST], success=True) for _ in range(3)] == [False, False, True]
    assert "missed success" in caplog.text


def test_successes_that_score_above_failures_do_not_mislead() -> None:
    watch = RewardWatch(CONFIG, HIGHEST)
    for n in range(12):
        success = n % 2 == 0
        assert not episode(watch, [0.0, 0.4 if success else 0.1], success)


def test_episodes_without_labels_say_nothing() -> None:
    watch = RewardWatch(CONFIG, HIGHEST)
    assert not any(watch.end(False) for _ in range(20))
