"""From sensor to replay batch: nothing is shifted, lost, doubled or wrongly attributed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from policies.actor import ActorNode
from policies.plan import EpisodePlan
from policies.recorder import RecorderNode
from policies.replay.batch import Batch
from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.replay.tail import StoreTail
from robot.core.host import LocalHost
from robot.core.types import EpisodeEnd, EpisodeHeader, Outcome, Source, Step
from teleop.nodes import ArbiterNode, SimulatedTeleop
from tests.graph import counting_world as world
from tests.unit.counting_episode import draw

SPEC = world.TASK.rig_spec(world.FEATURE_SHAPE)
GAMMA, N_STEP = 0.5, 3
OUTCOMES = [Outcome.SUCCESS, Outcome.TIME_LIMIT, Outcome.FAILURE, Outcome.TIME_LIMIT, Outcome.SUCCESS]
LENGTHS = [3, 6, 4, 6, 6]


def buffer() -> ReplayBuffer:
    return ReplayBuffer(SPEC, 200, GAMMA, N_STEP)


@pytest.fixture(scope="module")
def correction() -> world.FakeConstantCorrection:
    return world.FakeConstantCorrection()


@pytest.fixture(scope="module")
def ran(
    tmp_path_factory: pytest.TempPathFactory, correction: world.FakeConstantCorrection
) -> tuple[list[Episode], world.TailingLearner]:
    """The whole graph, run once: what was stored and what a learner read meanwhile."""
    root: Path = tmp_path_factory.mktemp("store")
    learner = world.TailingLearner(StoreTail(root), buffer())
    plan = EpisodePlan("train", 0, 40, episodes=world.EPISODES)
    base = world.FakeCountingBase()
    LocalHost(
        [
            world.FakeCountingCell(),
            SimulatedTeleop(world.FakeScheduledOperator()),
            ArbiterNode(world.TASK),
            RecorderNode(root),
            ActorNode(world.TASK, base, correction, world.FakeMeanEncoder(), plan, "hash", threaded=False),
            learner,
        ]
    ).run()
    learner.tick(0)
    return EpisodeStore(root).read_all(), learner


@pytest.fixture(scope="module")
def episodes(ran: tuple[list[Episode], world.TailingLearner]) -> list[Episode]:
    return ran[0]


@pytest.fixture(scope="module")
def learner(ran: tuple[list[Episode], world.TailingLearner]) -> world.TailingLearner:
    return ran[1]


def rows(function: Callable[[int, int], object], episode: Episode, extra: int = 0) -> np.ndarray:
    """``function(episode, t)`` for every step, and ``extra`` beyond the last."""
    return np.stack([np.asarray(function(episode.header.episode_id, t)) for t in range(len(episode) + extra)])


def test_every_episode_is_there_once_as_it_went(episodes: list[Episode]) -> None:
    assert [e.header.episode_id for e in episodes] == list(range(world.EPISODES))
    assert [e.header.seed for e in episodes] == [40 + n for n in range(world.EPISODES)]
    assert [len(e) for e in episodes] == LENGTHS
    assert [e.outcome for e in episodes] == OUTCOMES


def test_observation_t_is_what_was_seen_at_t(episodes: list[Episode]) -> None:
    for episode in episodes:
        count = rows(lambda e, t: (e, t), episode, extra=1)
        np.testing.assert_array_equal(episode.state["arm/wrench"][:, :2], count)
        np.testing.assert_array_equal(episode.images["wrist"][:, 2, 3, :2], count)
        np.testing.assert_array_equal(episode.features["wrist"][:, 0, 0, :2], count)
        np.testing.assert_array_equal(np.diff(episode.stamp_ns), world.PERIOD_NS)


def test_action_t_is_what_was_executed_between_t_and_t_plus_1(episodes: list[Episode]) -> None:
    for episode in episodes:
        human = rows(lambda e, t: (e, t) in world.ENGAGED, episode)
        commanded = np.where(
            human[:, None], rows(lambda e, t: world.human_action(t), episode), episode.proposed_action
        )
        np.testing.assert_allclose(episode.action, commanded / 2, atol=1e-7)
        np.testing.assert_array_equal(episode.source == Source.HUMAN, human)
        np.testing.assert_array_equal(episode.source == Source.POLICY, ~human)


def test_what_the_policy_wanted_is_kept_beside_it(episodes: list[Episode]) -> None:
    for episode in episodes:
        np.testing.assert_array_equal(episode.base_action, rows(world.base_action, episode, extra=1))
        np.testing.assert_array_equal(episode.proposed_action, rows(world.proposed_action, episode))
        assert set(episode.weights_version) == {world.VERSION}


def test_the_policy_is_told_what_was_executed_before_and_when_to_forget_its_plans(
    episodes: list[Episode], correction: world.FakeConstantCorrection
) -> None:
    told = iter(correction.told)
    for episode in episodes:
        human = [False, *(episode.source == Source.HUMAN)]
        for t in range(len(episode) + 1):
            if t == 0 or human[t] != human[t - 1]:  # an episode begins, a person took over or let go
                assert isinstance(next(told), str)
            before = np.zeros(2) if t == 0 else episode.action[t - 1]
            np.testing.assert_array_equal(next(told), before)
    assert not list(told)


def test_reward_t_is_what_step_t_earned(episodes: list[Episode]) -> None:
    for episode in episodes:
        earned = rows(lambda e, t: 1.0 if (e, t + 1) in world.SUCCESS else world.reward(e, t + 1), episode)
        np.testing.assert_allclose(episode.reward, earned, atol=1e-7)


def test_only_success_and_failure_are_terminal(episodes: list[Episode]) -> None:
    for episode, outcome in zip(episodes, OUTCOMES, strict=True):
        limit = outcome is Outcome.TIME_LIMIT
        assert not (episode.terminated | episode.truncated)[:-1].any()
        assert (episode.terminated[-1], episode.truncated[-1]) == (not limit, limit)
        np.testing.assert_array_equal(episode.discount, ~episode.terminated)


def test_the_learner_reads_everything_once_and_in_order_while_it_is_written(
    learner: world.TailingLearner,
) -> None:
    want = [(kind, e) for e, n in enumerate(LENGTHS) for kind in (EpisodeHeader, *[Step] * n, EpisodeEnd)]
    got = [(type(r), r.episode_id) for r in learner.records if not isinstance(r, Episode)]
    assert got == want
    assert [r.step for r in learner.records if isinstance(r, Step)] == [t for n in LENGTHS for t in range(n)]
    counts = learner.buffer.counts
    assert (counts.online, counts.expert, counts.episodes) == (sum(LENGTHS), len(world.ENGAGED), 5)


def taken_over(episode: Episode, start: int, t: int) -> bool:
    """Whether a person decides at ``t`` who did not at ``start``."""
    return episode.source[t] == Source.HUMAN != episode.source[start]


def expected(episode: Episode, t: int) -> tuple[float, float, int]:
    """Reward, discount and end of the n-step row that starts at ``t``, step by step."""
    end = t + 1
    while end < min(t + N_STEP, len(episode)) and not taken_over(episode, t, end):
        end += 1
    earned = sum(GAMMA**k * float(episode.reward[t + k]) for k in range(end - t))
    return earned, GAMMA ** (end - t) * float(episode.discount[t:end].prod()), end


def check(batch: Batch, episodes: list[Episode]) -> set[tuple[int, int]]:
    at = slice(15, 17)  # of the flattened state: position 3, rotation 6, twist 6, then the wrench
    drawn = set()
    for i, (e, t) in enumerate(batch.state[:, at].astype(int)):
        episode = episodes[e]
        earned, discount, end = expected(episode, t)
        assert batch.reward[i] == pytest.approx(earned, abs=1e-6)
        assert batch.discount[i] == discount
        np.testing.assert_array_equal(batch.next_state[i, at], [e, end])
        np.testing.assert_array_equal(batch.features["wrist"][i, 0, 0, :2], [e, t])
        np.testing.assert_array_equal(batch.next_features["wrist"][i, 0, 0, :2], [e, end])
        np.testing.assert_array_equal(batch.action[i], episode.action[t])
        np.testing.assert_array_equal(batch.base_action[i], episode.base_action[t])
        np.testing.assert_array_equal(batch.next_base_action[i], episode.base_action[end])
        np.testing.assert_array_equal(batch.actions[i, : end - t], episode.action[t:end])
        before = episode.action[t - 1] if t else np.zeros(2)
        np.testing.assert_array_equal(batch.previous_action[i], before)
        np.testing.assert_array_equal(batch.next_previous_action[i], episode.action[end - 1])
        assert batch.whole[i] == (end - t == N_STEP)
        assert (batch.shown[i, 0] == ((e, t) in world.ENGAGED)).all()
        assert batch.shown[i, 0].all() or not batch.is_expert[i]
        drawn.add((int(e), int(t)))
    return drawn


def test_replay_rows_are_n_step_returns_of_the_recorded_steps(
    episodes: list[Episode], learner: world.TailingLearner
) -> None:
    drawn = check(draw(learner.buffer, 400), episodes)
    assert drawn == {(e, t) for e, n in enumerate(LENGTHS) for t in range(n)}


def test_a_learner_that_starts_later_has_the_same_rows(episodes: list[Episode]) -> None:
    later = buffer()
    for episode in episodes:
        later.add(episode)
    assert len(check(draw(later, 400), episodes)) == sum(LENGTHS)
