"""Each number of the go/no-go says what it is named for."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from policies.replay.episode import Episode
from policies.rewards.check.evidence import Evidence, Pay, best_loop, gather, rank_correlation
from policies.rewards.check.true_progress import true_progress
from policies.rewards.check.verdict import Verdict, judge
from policies.rewards.check.versions import loitering_order, middle, reversed_order, stalled_order
from policies.rewards.config import Rule
from policies.rewards.dense_pay import dense_pay, discounted
from policies.rewards.episode_scores import score_in_order
from policies.rewards.true_object import TrueObject
from robot.core.errors import NudgeError
from robot.session.rewards import DENSE
from tests.unit import reward_scene as scene
from tests.unit.lifting_episodes import UP, lifted, lifting_plan, missed

GAMMA = 0.97


def evidence(episode: Episode, rule: Rule = "shaped", up: np.ndarray = UP) -> Evidence:
    config = replace(scene.CONFIG, rule=rule)
    score = partial(score_in_order, episode, lifting_plan(up=up), config, "arm", TrueObject)
    found = gather(episode, 2, score, Pay(DENSE[rule], GAMMA, 60), "arm")
    assert found is not None
    return found


def verdict(rule: Rule, up: np.ndarray = UP) -> Verdict:
    return judge([evidence(make(i), rule, up) for make in (lifted, missed) for i in range(4)])


def made(success: bool, best: float, **changes: Any) -> Evidence:
    paid = {"true": 0.5, "reversed": 0.0, "stalled": 0.0, "loitering": 0.0}
    return replace(Evidence(success, best, paid, paid, 0.0, 1.0, None, 1.0), **changes)


def failed(found: Verdict) -> set[str]:
    return {c.name for c in found.criteria if not c.passed}


def test_versions_begin_where_the_episode_does_and_last_as_long_as_asked() -> None:
    assert reversed_order(2, 5).tolist() == [5, 4, 3, 2]
    assert stalled_order(2, 5, 6).tolist() == [2, 3, 4, 4, 4, 4, 4]
    assert middle(0, 8) == (3, 5)
    assert loitering_order(0, 8, 14).tolist() == [0, 1, 2, 3, 4, 5, 4, 3, 4, 5, 4, 3, 4, 5]
    assert loitering_order(0, 8, 1).tolist() == [0, 1, 2, 3, 4, 5, 4, 3, 4, 5]


def test_labels_pay_as_the_replay_pays_them() -> None:
    labels, sparse = [0.1, 0.2, 0.4], [0.0, 1.0]
    np.testing.assert_allclose(dense_pay(labels, sparse, True, "potential", 0.5), [0.0, -0.2])
    np.testing.assert_allclose(dense_pay(labels, sparse, True, "reward", 0.5), [0.2, 0.0])
    np.testing.assert_allclose(dense_pay(labels, sparse, True, "none", 0.5), [0.0, 0.0])
    assert discounted([1.0, 1.0, 4.0], 0.5) == 2.5


def test_the_best_loop_is_found_wherever_it_begins() -> None:
    assert best_loop([-1, 2, 2, -1], 2, 0.5) == 3.0
    assert best_loop([0.5 * 0.3 - 0.2, 0.5 * 0.2 - 0.3], 2, 0.5) == pytest.approx(0.25 * 0.2 - 0.2)


def test_a_label_that_never_changes_has_no_rank() -> None:
    assert rank_correlation([1, 1, 1], [1, 2, 3]) == 0.0
    assert rank_correlation([1, 5, 9], [1, 2, 3]) == pytest.approx(1.0)
    assert rank_correlation([3, 2, 1], [1, 2, 3]) == pytest.approx(-1.0)


def test_true_progress_rises_with_every_step_of_a_lift() -> None:
    found = true_progress(lifted(), "arm")
    assert found is not None
    assert (np.diff(found) > 0).all()
    assert found[-1] == pytest.approx(0.0, abs=1e-6)
    state = {k: v for k, v in lifted().state.items() if not k.startswith("privileged/")}
    assert true_progress(replace(lifted(), state=state), "arm") is None


def test_the_potential_of_a_right_plan_is_a_go() -> None:
    found = verdict("shaped")
    assert failed(found) == set()
    assert found.go
    assert found.returns["true"] > found.returns["stalled"] > found.returns["reversed"]
    assert found.dense_returns["true"] < 0  # the start's potential is paid back at the success


def test_kagi_s_rule_is_a_no_go_because_loitering_pays_more_than_finishing() -> None:
    found = verdict("kagi")
    assert {"true above loitering", "true above stalled", "loop return"} <= failed(found)
    assert found.returns["loitering"] > 1.3 * found.returns["true"]
    assert not found.go


def test_a_plan_that_ends_in_the_wrong_place_is_a_no_go() -> None:
    assert "rank in the last third" in failed(verdict("shaped", up=np.array([0.0, 0.1, 0.0])))


def test_an_episode_too_short_for_versions_is_none() -> None:
    score = partial(score_in_order, lifted(), lifting_plan(), scene.CONFIG, "arm", TrueObject)
    assert gather(lifted(), 18, score, Pay("potential", GAMMA, 60), "arm") is None
    assert gather(lifted(), 17, score, Pay("potential", GAMMA, 60), "arm") is not None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"with_time": 0.1}, {"rank with time"}),
        ({"with_progress": 0.1}, {"rank with progress"}),
        ({"late": 0.1}, {"rank in the last third"}),
        ({"loop_return": 0.1}, {"loop return"}),
        ({"best": 0.1}, {"AUC", "false positives"}),
        (
            {"returns": {"true": 0.5, "reversed": 0.6, "stalled": 0.5, "loitering": 0.0}},
            {"true above reversed", "true above stalled"},
        ),
    ],
)
def test_each_number_can_say_no(wrong: dict[str, Any], told: set[str]) -> None:
    good = [made(True, 0.4, with_progress=1.0) for _ in range(3)]
    bad = [made(False, 0.2) for _ in range(3)]
    assert judge([*good, *bad]).go
    assert failed(judge([*(replace(e, **wrong) for e in good), *bad])) == told


def test_too_few_of_either_is_an_error() -> None:
    episodes = [made(True, 0.4) for _ in range(9)] + [made(False, 0.2) for _ in range(2)]
    with pytest.raises(NudgeError, match="9 successes and 2 failures"):
        judge(episodes)
