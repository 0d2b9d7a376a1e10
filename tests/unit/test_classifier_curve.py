"""Threshold curve and calibration against numbers worked out by hand."""

import numpy as np
import pytest

from policies.rewards.classifier.calibration import (
    expected_calibration_error,
    fit_temperature,
    probability,
)
from policies.rewards.classifier.curve import Counts, ScoredEpisode, choose, episode_counts, frame_counts
from robot.core.errors import NudgeError


def scored(probabilities: list[float], success: bool, inside: bool = True, margin: int = 0) -> ScoredEpisode:
    label = np.zeros(len(probabilities), np.int8)
    if success:
        label[-1 - margin :] = -1
        label[-1] = 1
    return ScoredEpisode(success, np.array(probabilities), label, np.full(len(label), inside))


EPISODES = [
    scored([0.1, 0.2, 0.9], True),
    scored([0.1, 0.8, 0.2, 0.3], False),  # one bright frame, then gone
    scored([0.7, 0.7, 0.1, 0.9], True),  # sure of it long before
]


def test_frames_alone_by_hand():
    c = frame_counts(EPISODES, 0.6)
    assert (c.true_positives, c.false_positives, c.successes, c.steps) == (2, 3, 2, 9)
    assert (c.precision, c.recall) == (0.4, 1.0)
    assert c.false_per_1000 == pytest.approx(1000 * 3 / 9)


def test_the_gate_by_hand():
    """Of two frames held, the bright one alone is let go; the early call ends its episode at frame 1."""
    c = episode_counts(EPISODES, 0.6, 2)
    assert (c.true_positives, c.false_positives, c.successes, c.steps) == (1, 1, 2, 2 + 3 + 1)
    one = episode_counts(EPISODES, 0.6, 1)
    assert (one.true_positives, one.false_positives, one.steps) == (1, 2, 2 + 1 + 0)


def test_outside_the_box_nothing_is_called():
    c = episode_counts([scored([0.9, 0.9, 0.9], True, inside=False)], 0.5, 2)
    assert (c.true_positives, c.false_positives, c.recall) == (0, 0, 0.0)
    assert np.isnan(c.precision)


def test_a_call_within_the_margin_is_true():
    early = [0.1, 0.1, 0.9, 0.9, 0.9]
    assert episode_counts([scored(early, True, margin=2)], 0.5, 2).true_positives == 1
    assert episode_counts([scored(early, True, margin=0)], 0.5, 2).false_positives == 1


def test_a_nan_is_never_called():
    assert frame_counts([scored([np.nan, np.nan], False)], 0.0).false_positives == 0


def test_the_threshold_with_the_most_recall_at_an_allowed_rate_of_false_ones():
    curve = [Counts(0.1, 9, 3, 10, 1000), Counts(0.4, 8, 1, 10, 1000), Counts(0.8, 8, 0, 10, 1000)]
    assert choose(curve, 3.0).threshold == 0.1
    assert choose(curve, 1.0).threshold == 0.4  # as much recall as 0.8, and nearer to even odds
    assert choose(curve, 0.5).threshold == 0.8
    with pytest.raises(NudgeError, match=r"at 0\.5 false ones .* the least is 3\.00"):
        choose(curve[:1], 0.5)


def test_calibration_error_by_hand():
    """Bin 0 says 0.05 twice and is right; bin 14 says 0.95 of two frames of which one is a success."""
    said, was = np.array([0.05, 0.05, 0.95, 0.95]), np.array([False, False, True, False])
    assert expected_calibration_error(said, was) == pytest.approx((2 * 0.05 + 2 * 0.45) / 4)
    assert expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True])) == 0


def test_the_temperature_undoes_too_much_confidence():
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, 20_000)
    was = rng.uniform(size=20_000) < probability(honest)
    assert fit_temperature(3 * honest, was) == pytest.approx(3.0, rel=0.05)
    assert expected_calibration_error(probability(3 * honest), was) > 0.1
    assert expected_calibration_error(probability(3 * honest, 3.0), was) < 0.02


def test_frames_told_apart_without_a_mistake_do_not_make_it_as_sure_as_can_be():
    logit = np.array([-6.0] * 50 + [6.0] * 5)
    assert fit_temperature(logit, logit > 0) > 1
