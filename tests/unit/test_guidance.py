"""When a plan drives: as often as asked for, from or up to a random step, and only while it pays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from policies.rewards.config import RewardConfig, Rule
from policies.rewards.guidance import Guidance, GuidanceConfig
from policies.tasks.lift import LIFT_STATE
from robot.core.errors import ConfigError
from tests.unit import reward_scene as scene
from tests.unit.guided_table import SPEC, THING, UP, plan_to

LIMIT = LIFT_STATE.time_limit_steps
PLAN = plan_to(THING + UP)
NOW = scene.sensed(0, THING + UP, THING)


def stretches(
    share: float, guided: float, alone: float, episodes: int = 200, seed: int = 0
) -> Iterator[list[int]]:
    """The steps that the plan drives in each episode, where each kind succeeds by its rate."""
    guidance, luck = Guidance(GuidanceConfig(share), SPEC, LIMIT, seed), np.random.default_rng(7)
    for number in range(episodes):
        guidance.begin(number)
        steps = [t for t in range(LIMIT) if guidance.act(PLAN, NOW, None) is not None]
        guidance.end(bool(luck.random() < (guided if steps else alone)))
        yield steps


def test_it_drives_the_first_steps_or_takes_over_for_the_rest() -> None:
    driven = [s for s in stretches(0.9, guided=1.0, alone=0.0) if s]
    assert all(s == list(range(s[0], s[-1] + 1)) for s in driven)
    first, later = [s for s in driven if s[0] == 0], [s for s in driven if s[0] > 0]
    assert min(len(first), len(later)) > 60
    assert {s[-1] for s in later} == {LIMIT - 1}
    assert min(len(s) for s in first) < LIMIT // 3
    assert max(len(s) for s in first) > LIMIT - 5
    assert max(s[0] for s in later) < LIMIT // 2  # later than that it could not finish


@pytest.mark.parametrize(
    ("guided", "alone", "low", "high"),
    [(1.0, 0.0, 0.4, 0.6), (0.0, 0.0, 0.01, 0.1), (0.0, 0.5, 0.0, 0.05), (0.7, 1.0, 0.0, 0.1)],
)
def test_it_drives_where_that_pays(guided: float, alone: float, low: float, high: float) -> None:
    """A right plan and a policy that fails; a wrong one; that and a policy; a policy that is better."""
    share = np.mean([bool(s) for s in stretches(0.5, guided, alone, 400)])
    assert low <= share <= high


def test_the_same_seed_draws_the_same_and_another_another() -> None:
    one, same, other = (list(stretches(0.5, 1.0, 0.0, 50, seed)) for seed in (0, 0, 1))
    assert one == same != other


def test_without_a_plan_the_policy_drives() -> None:
    guidance = Guidance(GuidanceConfig(0.9), SPEC, LIMIT, 0)
    guidance.begin(0)
    assert all(guidance.act(None, NOW, None) is None for _ in range(LIMIT))
    assert all(not s for s in stretches(0.0, 1.0, 0.0))


def test_a_plan_that_comes_too_late_to_finish_does_not_drive_and_is_not_blamed() -> None:
    guidance = Guidance(GuidanceConfig(0.9), SPEC, LIMIT, 0)
    for number in range(50):
        guidance.begin(number)
        assert all(guidance.act(None, NOW, None) is None for _ in range(LIMIT // 2 + 1))
        assert all(guidance.act(PLAN, NOW, None) is None for _ in range(LIMIT // 2 - 1))
        guidance.end(False)
    driven = 0
    for number in range(50, 70):
        guidance.begin(number)
        driven += any(guidance.act(PLAN, NOW, None) is not None for _ in range(LIMIT))
        guidance.end(True)
    assert driven > 10


def test_a_share_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"share: got 1, want 0 to 0.9"):
        GuidanceConfig(1)


@pytest.mark.parametrize("rule", ["sparse", "kagi"])
def test_only_the_shaped_rule_s_plans_drive(rule: Rule) -> None:
    with pytest.raises(ConfigError, match=rf"guidance: got share 0.5 with the rule '{rule}', want 'shaped'"):
        RewardConfig(rule, scene.VLM, guidance=GuidanceConfig(0.5))
