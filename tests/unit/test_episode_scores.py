"""A stored episode scored again says what the session said live."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policies.rewards.episode_scores import poses_of, score_as_named, score_episode, score_in_order
from policies.rewards.true_object import TrueObject
from robot.core.errors import SpecMismatch
from tests.unit import reward_scene as scene
from tests.unit.lifting_episodes import UP, lifted, lifting_plan, missed

CONFIG = scene.CONFIG


@pytest.mark.parametrize("rule", ["shaped", "kagi"])
@pytest.mark.parametrize("arrives", [0, 3, 16])  # before the grasp, or when the square is under way already
def test_the_live_labels_come_out_again(rule: str, arrives: int) -> None:
    config = replace(CONFIG, rule=rule)
    episode = lifted(3, arrives=arrives, config=config)
    assert episode.dense.min() > 0
    again = score_episode(episode, lifting_plan(), config, "arm", TrueObject)
    np.testing.assert_allclose(again, episode.dense, atol=1e-6)


def test_each_step_is_scored_by_the_plan_it_names_and_one_that_is_not_there_says_nothing() -> None:
    first, then = lifting_plan(1), lifting_plan(2, 0.5 * UP)
    one, other = lifted(plan=first, arrives=2), lifted(plan=then, arrives=9)
    plan = np.where(np.arange(25) < 9, one.plan, other.plan)
    both = replace(one, plan=plan, dense=np.where(plan == 2, other.dense, one.dense))
    again = score_as_named(both, {1: first, 2: then}, CONFIG, "arm", lambda _: TrueObject)
    np.testing.assert_allclose(again, both.dense, atol=1e-6)
    without = score_as_named(both, {2: then}, CONFIG, "arm", lambda _: TrueObject)
    np.testing.assert_allclose(without, np.where(plan == 2, both.dense, 0), atol=1e-6)


def test_in_another_order_the_mark_is_still_the_one_on_the_object_as_it_lay() -> None:
    episode = lifted(arrives=0)
    backwards = score_in_order(episode, lifting_plan(), CONFIG, "arm", TrueObject, np.arange(24, -1, -1))
    weight = CONFIG.potential.weight * CONFIG.potential.approach_share
    # The tool is at the square, which hangs at the goal: taken for the object, the mark is on it.
    assert backwards[0] == pytest.approx(weight, abs=1e-6)


def test_the_tool_s_place_in_base_is_put_together_from_start_and_way() -> None:
    np.testing.assert_allclose(poses_of(missed(), "arm")[0][:3, 3], [0.51, 0.05, 0.1], atol=1e-6)


def test_an_episode_without_its_start_pose_is_refused() -> None:
    episode = lifted()
    state = {k: v for k, v in episode.state.items() if k != "arm/start"}
    with pytest.raises(SpecMismatch, match="episode 0 has no arm/start"):
        score_episode(replace(episode, state=state), lifting_plan(), CONFIG, "arm", TrueObject)
