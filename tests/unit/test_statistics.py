"""Intervals against published numbers; the success curve by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from robot.core.errors import NudgeError
from robot.session.statistics import (
    Rate,
    autonomous_rate,
    intervention_rate,
    rolling,
    rolling_interventions,
    steps_to_threshold,
    success_rate,
    wilson,
)


def episode(success: bool, interventions: int = 0, online_steps: int = 0, steps: int = 10) -> dict[str, Any]:
    return {
        **{"success": success, "interventions": interventions, "steps": steps, "online_steps": online_steps}
    }


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_matches_newcombe(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_edges() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(20, 20)[1] == 1.0
    with pytest.raises(NudgeError, match="21 of 20"):
        wilson(21, 20)


def test_help_makes_a_success_assisted() -> None:
    episodes = [episode(True), episode(True, 3), episode(False), episode(False, 7)]
    assert success_rate(episodes).value == 0.5
    assert autonomous_rate(episodes).value == 0.25
    assert intervention_rate(episodes) == pytest.approx(10 / 40)
    assert math.isnan(intervention_rate([]))


def test_a_success_that_a_plan_drove_to_is_not_the_policy_s() -> None:
    episodes = [episode(True), {**episode(True), "guided": 5}, {**episode(True), "guided": 0}]
    assert (success_rate(episodes).value, autonomous_rate(episodes)) == (1.0, Rate(2, 2))


def test_the_threshold_is_the_policy_s_own() -> None:
    guided = [{**episode(True, online_steps=20 * i), "guided": 9} for i in range(40)]
    own = [episode(True, online_steps=20 * i + 10) for i in range(40)]
    both = [e for pair in zip(guided, own, strict=True) for e in pair]
    assert steps_to_threshold(guided) is None
    assert steps_to_threshold(both) == steps_to_threshold(own) == 390


def test_rolling_uses_what_there_is_then_the_window() -> None:
    assert rolling([1, 0, 1, 1], window=2).tolist() == [1, 0.5, 0.5, 1]
    long, short = episode(False, 50, steps=100), episode(True, 0, steps=10)
    assert rolling_interventions([long, short], window=2)[-1] == pytest.approx(50 / 110)


def test_threshold_needs_a_full_window_of_autonomous_success() -> None:
    helped = [episode(True, 1, online_steps=10 * i) for i in range(20)]
    alone = [episode(True, 0, online_steps=200 + 10 * i) for i in range(20)]
    assert steps_to_threshold(helped) is None
    assert steps_to_threshold(alone[:19]) is None
    # 18 of the last 20 alone: the 18th episode without help.
    assert steps_to_threshold(helped + alone) == 200 + 170
