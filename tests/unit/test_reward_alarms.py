"""Each alarm rings for what it is named for and for nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from policies.rewards.shaping.alarms import AlarmConfig, AlarmKind, episode_alarms, gap_alarms, success_alarms
from robot.core.errors import ConfigError

CONFIG = AlarmConfig(window_steps=50, episodes=10)
TIME = np.arange(51)
NOISE = np.random.default_rng(0).normal(0, 0.002, 51)


def kinds(progress: np.ndarray) -> list[AlarmKind]:
    return [alarm.kind for alarm in episode_alarms(progress, CONFIG)]


def gap(score: list[float], success: list[bool]) -> list[AlarmKind]:
    return [alarm.kind for alarm in gap_alarms(score, success, CONFIG)]


def test_steady_progress_rings_nothing() -> None:
    assert kinds(0.2 + 0.01 * TIME + NOISE) == []


def test_standing_still_is_a_stall() -> None:
    assert kinds(0.4 + NOISE) == [AlarmKind.STALL]
    assert kinds(0.9 - 0.01 * TIME) == [AlarmKind.STALL]  # going back gains nothing either


def test_up_and_down_is_loitering() -> None:
    assert kinds(0.4 - 0.1 * (TIME % 8 < 4)) == [AlarmKind.LOITERING]
    (alarm,) = episode_alarms(0.4 - 0.1 * (TIME % 8 < 4), CONFIG)
    assert "gained 0.000 in 50 steps" in alarm.reason


def test_nothing_rings_before_the_window_is_full() -> None:
    assert kinds(np.full(50, 0.4)) == []
    assert kinds(np.full(51, 0.4)) == [AlarmKind.STALL]


def test_failures_that_score_like_successes_are_a_gap() -> None:
    success = [True, False] * 5
    assert gap([0.9, 0.3] * 5, success) == []
    assert gap([0.9, 0.9] * 5, success) == [AlarmKind.REWARD_GAP]
    assert gap([0.3, 0.9] * 5, success) == [AlarmKind.REWARD_GAP]


def test_without_a_success_high_scores_are_a_gap() -> None:
    assert gap([0.2] * 10, [False] * 10) == []
    assert gap([0.9] * 10, [False] * 10) == [AlarmKind.REWARD_GAP]
    assert gap([0.9] * 9, [False] * 9) == []  # too few episodes to say
    assert gap([0.9] * 10, [True] * 10) == []
    assert gap([0.2] * 10 + [0.9] * 10, [True] * 10 + [False] * 10) == [AlarmKind.REWARD_GAP]  # the last ones


@pytest.mark.parametrize(("scores", "rings"), [([0.3] * 3, True), ([0.7] * 3, False), ([0.3] * 2, False)])
def test_successes_that_hardly_score_are_missed(scores: list[float], rings: bool) -> None:
    """Failures may score what they like, and one success that was not seen well says nothing."""
    alarms = success_alarms([*scores, 0.9, 0.1], [True] * len(scores) + [False] * 2, CONFIG)
    assert [a.kind for a in alarms] == [AlarmKind.MISSED_SUCCESS] * rings
    assert success_alarms([0.0, 0.7, 0.7], [True] * 3, CONFIG) == ()


def test_thresholds_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ConfigError, match="3 problems"):
        AlarmConfig(window_steps=1, min_order=2, min_swing=0.01)
