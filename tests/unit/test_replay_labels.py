"""Dense labels on their way from the record into a batch's reward, against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from policies.replay.assemble import assemble, messages_from
from policies.replay.buffer import ReplayBuffer
from policies.replay.episode_store import EpisodeStore
from policies.replay.look_ahead import DenseRule
from policies.replay.tail import StoreTail
from robot.core.errors import StoreError
from robot.core.types import EpisodeEnd, Label, LateLabels, Step
from tests.unit.counting_episode import SPEC, draw, end, header, step

GAMMA = 0.5
PHI = (0.1, 0.2, 0.4, 0.3)  # of four observations around three steps


def steps(terminated: bool, plans: tuple[int, ...] = (1, 1, 1)) -> list[Step]:
    made = [replace(step(0, t), label=Label(PHI[t], plans[t])) for t in range(3)]
    last = replace(made[2], reward=float(terminated), terminated=terminated, discount=float(not terminated))
    return [*made[:2], last]


def buffer(rule: DenseRule, terminated: bool, n_step: int, piecewise: bool = False) -> ReplayBuffer:
    made = ReplayBuffer(SPEC, 100, GAMMA, n_step, dense=rule)
    whole = steps(terminated)
    closing = replace(end(0, 3), label=Label(PHI[3], 1))
    if piecewise:
        for record in (header(0), *whole, closing):
            made.add(record)
    else:
        made.add(assemble(header(0), whole, closing))
    return made


def rewards(made: ReplayBuffer) -> dict[int, float]:
    """By step."""
    batch = draw(made, 200)
    return {int(m): float(r) for m, r in zip(batch.state[:, 0], batch.reward, strict=True)}


@pytest.mark.parametrize("piecewise", [False, True])
def test_a_potential_is_paid_forward_and_nothing_is_left_of_it_at_a_success(piecewise: bool) -> None:
    paid = rewards(buffer("potential", True, 1, piecewise))
    want = {0: 0.5 * 0.2 - 0.1, 1: 0.5 * 0.4 - 0.2, 2: 1.0 - 0.4}
    assert paid == pytest.approx(want, abs=1e-6)


def test_a_time_limit_keeps_the_potential() -> None:
    assert rewards(buffer("potential", False, 1))[2] == pytest.approx(0.5 * 0.3 - 0.4)


def test_two_steps_pay_what_their_differences_add_up_to() -> None:
    paid = rewards(buffer("potential", True, 2))
    assert paid[0] == pytest.approx((0.5 * 0.2 - 0.1) + 0.5 * (0.5 * 0.4 - 0.2))
    assert paid[1] == pytest.approx((0.5 * 0.4 - 0.2) + 0.5 * (1.0 - 0.4))


def test_a_dense_reward_is_paid_for_where_a_step_led_until_the_success() -> None:
    paid = rewards(buffer("reward", True, 2))
    assert paid == pytest.approx({0: 0.2 + 0.5 * 0.4, 1: 0.4 + 0.5 * 1.0, 2: 1.0})


def test_without_a_rule_labels_are_worth_nothing() -> None:
    assert set(get_args(DenseRule)) == {"none", "potential", "reward"}
    assert rewards(buffer("none", True, 1)) == pytest.approx({0: 0.0, 1: 0.0, 2: 1.0})


def test_what_a_vetoed_plan_said_is_taken_back_and_another_one_s_is_kept() -> None:
    made = ReplayBuffer(SPEC, 100, GAMMA, dense="potential")
    made.add(assemble(header(0), steps(False, (1, 1, 2)), replace(end(0, 3), label=Label(PHI[3], 2))))
    assert made.retract({1}) == 2
    assert made.retract({1}) == 0
    assert rewards(made) == pytest.approx({0: 0.0, 1: 0.5 * 0.4, 2: 0.5 * 0.3 - 0.4})


def test_an_episode_keeps_each_observation_s_label() -> None:
    whole = assemble(header(0), steps(False), replace(end(0, 3), label=Label(PHI[3], 7)))
    np.testing.assert_allclose(whole.dense, PHI)
    assert whole.plan.tolist() == [1, 1, 1, 7]
    late, third, last = messages_from(whole, 2)
    assert isinstance(late, LateLabels)
    assert (late.steps.tolist(), late.plan.tolist()) == ([0, 1], [1, 1])
    np.testing.assert_allclose(late.dense, PHI[:2])
    assert isinstance(third, Step)
    assert isinstance(last, EpisodeEnd)
    assert (third.label.plan, last.label) == (1, Label(pytest.approx(0.3), 7))


LATE = LateLabels(0, np.array([0, 1], np.int32), np.array(PHI[:2], np.float32), np.array([1, 1], np.int32))


def unlabelled() -> list[Step]:
    """The first two of the steps without their labels, which `LATE` brings."""
    return [replace(s, label=Label()) if s.step < 2 else s for s in steps(True)]


def test_what_is_said_late_counts_as_if_it_had_been_said_in_time() -> None:
    made = ReplayBuffer(SPEC, 100, GAMMA, 1, dense="potential")
    first, second, third = unlabelled()
    for record in (header(0), first, second, LATE, third, replace(end(0, 3), label=Label(PHI[3], 1))):
        made.add(record)
    assert rewards(made) == pytest.approx(rewards(buffer("potential", True, 1)))


def test_late_labels_survive_a_killed_recorder(tmp_path: Path) -> None:
    killed = EpisodeStore(tmp_path)
    writer = killed.begin(header(0))
    for message in unlabelled():
        writer.append(message)
    writer.label(LATE)
    writer.close()
    killed.close()
    store = EpisodeStore(tmp_path)
    store.recover()
    (episode,) = store.read_all("train")
    np.testing.assert_allclose(episode.dense, PHI[:3])
    assert episode.plan.tolist() == [1, 1, 1]


@pytest.mark.parametrize("seen", [1, 2, 3])
def test_a_learner_that_looked_before_the_late_labels_gets_them_with_the_finished_episode(
    seen: int, tmp_path: Path
) -> None:
    store, tail = EpisodeStore(tmp_path), StoreTail(tmp_path)
    writer, learned = store.begin(header(0)), ReplayBuffer(SPEC, 100, GAMMA, 1, dense="potential")
    for message in unlabelled():
        writer.append(message)
        if message.step < seen:
            for record in tail.poll():
                learned.add(record)
    writer.label(LATE)
    writer.finish(replace(end(0, 3), label=Label(PHI[3], 1)))
    for record in tail.poll():
        learned.add(record)
    assert rewards(learned) == pytest.approx(rewards(buffer("potential", True, 1)))


def test_a_late_label_of_a_step_that_is_not_recorded_is_refused(tmp_path: Path) -> None:
    writer = EpisodeStore(tmp_path).begin(header(0))
    writer.append(unlabelled()[0])
    with pytest.raises(StoreError, match="episode 0: got a late label of step 1, want one below 1"):
        writer.label(LATE)
