"""The adapter for gymnasium environments, and its episodes as our replay takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.foreign.dm_control_api import DmControlApi
from benchmarks.foreign.environment import Transition
from benchmarks.foreign.episodes import EpisodeStream, rig_spec
from benchmarks.foreign.gym_environment import GymEnvironment
from benchmarks.foreign.rollout import run_episode
from policies.replay.buffer import ReplayBuffer
from robot.core.errors import SpecMismatch
from robot.core.types import Array, EpisodeEnd, Outcome
from tests.unit.fake_gym import FakeDict, FakeGym, fake_box


def adapted(gym: Any = None, limit: int = 0) -> GymEnvironment:
    return GymEnvironment(gym or FakeGym(), lambda raw, info: info["near"], limit)


def to_goal(state: Array) -> Array:
    return np.clip((state[:1] - state[1:]) / 0.2, -1, 1)  # goal first: the order of the space


def still(state: Array) -> Array:
    return np.zeros(1, np.float32)


def test_nested_observations_are_one_vector_in_the_order_of_the_space() -> None:
    env = adapted()
    assert (env.state_size, env.action_size) == (2, 1)
    goal, at = env.reset(0)
    assert at == 0
    assert 0.2 <= goal <= 0.5


def test_the_action_reaches_the_bounds_of_the_box() -> None:
    gym = FakeGym()
    env = adapted(gym)
    env.reset(0)
    for value in (-1, 0, 1, 3):
        env.step(np.array([value], np.float32))
    assert np.concatenate(gym.commands).tolist() == [0, 2, 4, 4]


def test_a_seed_fixes_an_environment_that_draws_from_numpys_global_generator() -> None:
    env = adapted()
    assert env.reset(3)[0] == env.reset(3)[0] != env.reset(4)[0]


def test_success_terminates_with_the_reward() -> None:
    episode = run_episode(adapted(limit=50), to_goal, 0)
    last = episode[-1]
    assert (last.success, last.terminated, last.truncated, last.reward) == (True, True, False, 1.0)
    assert last.gripper_penalty == pytest.approx(-0.1)
    assert not any(t.ends for t in episode[:-1])


@pytest.mark.parametrize(("own", "ours"), [(5, 0), (0, 5), (5, 5)])
def test_a_time_limit_is_a_truncation_whoever_counts(own: int, ours: int) -> None:
    episode = run_episode(adapted(FakeGym(own), ours), still, 0)
    assert len(episode) == 5
    assert (episode[-1].truncated, episode[-1].terminated, episode[-1].success) == (True, False, False)


def test_a_failure_on_the_last_step_is_no_truncation() -> None:
    episode = run_episode(adapted(limit=6), lambda state: -np.ones(1, np.float32), 0)
    assert (len(episode), episode[-1].terminated, episode[-1].truncated) == (6, True, False)


def test_spaces_that_are_no_boxes_are_refused() -> None:
    gym = FakeGym()
    gym.action_space = fake_box(-np.inf, np.inf, 1)
    with pytest.raises(SpecMismatch, match="want a Box with bounds"):
        adapted(gym)
    gym = FakeGym()
    gym.observation_space = FakeDict({"word": "text"})
    with pytest.raises(SpecMismatch, match="observation word"):
        adapted(gym)


@pytest.mark.parametrize(("size", "gripper"), [(1, False), (4, True), (7, True), (21, False), (14, True)])
def test_the_spec_has_the_sizes(size: int, gripper: bool) -> None:
    spec = rig_spec(5, size, gripper)
    assert (spec.observation.state_size, spec.action.size) == (5, size)
    assert [arm.gripper for arm in spec.action.arms] == [False] * (len(spec.action.arms) - 1) + [gripper]


def test_the_replay_bootstraps_a_time_limit_and_not_an_end() -> None:
    env, stream = adapted(limit=8), EpisodeStream("toy", 1, "train")
    buffer = ReplayBuffer(rig_spec(2, 1), 100, discount=0.9, n_step=1)
    late, good = run_episode(env, still, 0), run_episode(env, to_goal, 1)
    for transition in late + good:
        for record in stream.records(transition):
            buffer.add(record)
    assert (buffer.counts.online, buffer.counts.episodes) == (len(late) + len(good), 2)
    batch = buffer.sample(500, 0.0)
    ends = batch.reward == 1
    assert ends.any()
    assert set(batch.discount[ends]) == {0.0}
    assert np.allclose(batch.discount[~ends], 0.9)
    known = np.array([[*t.state, *t.next_state] for t in late + good])
    pairs = np.concatenate([batch.state, batch.next_state], axis=-1)[0]
    assert all(np.isclose(known, pair).all(1).any() for pair in pairs), "a state has another's successor"


@pytest.mark.parametrize(
    ("terminated", "success", "outcome"),
    [(True, True, Outcome.SUCCESS), (True, False, Outcome.FAILURE), (False, False, Outcome.TIME_LIMIT)],
)
def test_an_episode_says_how_it_ended(terminated: bool, success: bool, outcome: Outcome) -> None:
    zeros = np.zeros(1, np.float32)
    last = Transition(zeros, zeros, zeros, 0.0, terminated, not terminated, success)
    end = EpisodeStream("toy", 1, "demo", first_id=7).records(last)[-1]
    assert isinstance(end, EpisodeEnd)
    assert (end.episode_id, end.steps, end.outcome) == (7, 1, outcome)


@pytest.mark.parametrize(("mode", "lesson"), [("demo", True), ("train", False)])
def test_demonstrations_are_lessons_and_practice_is_none(mode: str, lesson: bool) -> None:
    env, stream = adapted(limit=8), EpisodeStream("toy", 1, mode)
    buffer = ReplayBuffer(rig_spec(2, 1), 100, discount=0.9, n_step=1)
    for transition in run_episode(env, to_goal, 1):
        for record in stream.records(transition):
            buffer.add(record)
    assert set(buffer.sample(20, float(lesson)).shown.ravel()) == {lesson}


class FakeStep:
    def __init__(self, discount: float) -> None:
        self.observation, self.reward, self.discount = {"at": np.zeros(2)}, 0.5, discount

    def last(self) -> bool:
        return True


class FakeSuite:
    """What `DmControlApi` reads of a dm_control environment."""

    def __init__(self, discount: float) -> None:
        self.discount, self.task = discount, type("Task", (), {"_random": None})()

    def action_spec(self) -> Any:
        return type("Bounded", (), {"shape": (2,), "minimum": np.array(-3.0), "maximum": np.array(3.0)})()

    def observation_spec(self) -> Any:
        return {"at": type("Array", (), {"shape": (2,)})()}

    def reset(self) -> FakeStep:
        return FakeStep(1.0)

    def step(self, action: np.ndarray) -> FakeStep:
        return FakeStep(self.discount)


@pytest.mark.parametrize(("discount", "terminated"), [(0.0, True), (1.0, False)])
def test_dm_control_ends_by_its_discount(discount: float, terminated: bool) -> None:
    env = GymEnvironment(DmControlApi(FakeSuite(discount)), lambda raw, info: False)
    assert (env.state_size, env.action_size) == (2, 2)
    env.reset(0)
    last = env.step(np.zeros(2, np.float32))
    assert (last.terminated, last.truncated, last.reward) == (terminated, not terminated, 0.5)
