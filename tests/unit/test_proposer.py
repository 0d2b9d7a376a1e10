"""Who decides a step: base and correction, or a plan that explores; what is void after another drove."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from policies.base import ChunkQueue
from policies.proposer import Proposer
from policies.senses import Sensed
from policies.trajectory import Trajectory
from robot.core.topics import Topic
from robot.core.types import Action, Array, Label, Observation, Reward, Source

P, H, G = Source.POLICY, Source.HUMAN, Source.GUIDE


class FakeBase:
    def __init__(self) -> None:
        self.dropped = 0

    def reset(self, seed: int) -> None:
        self.dropped = 0

    def drop(self) -> None:
        self.dropped += 1

    def act(self, observation: Observation) -> Array:
        return np.full(2, 0.25, np.float32)


class FakeChunks:
    """Plans to say for ten steps when it planned."""

    fingerprint = "fake"

    def plan(self, observation: Observation, seed: int) -> Array:
        return np.full((10, 2), observation.stamp_ns / 100, np.float32)


class FakeGuide:
    """Wants every other step."""

    topics: tuple[Topic, ...] = ()

    def hear(self, topic: Topic, message: object) -> None: ...

    def label(self, sensed: Sensed) -> Sequence[Label]:
        return []

    def rest(self) -> Sequence[Label]:
        return []

    def guide(self, sensed: Sensed) -> Array | None:
        return np.array([1.0, -1.0], np.float32) if sensed.stamp_ns % 2 else None

    def close(self) -> None: ...


def sensed(t: int) -> Sensed:
    zeros = np.zeros(2, np.float32)
    return Sensed(t, 3, Action(t, zeros, zeros, zeros), Reward(t, 0.0), Observation(t, {}), {})


def proposed(explore: bool) -> list[Action]:
    proposer, episode = Proposer(FakeBase(), None, FakeGuide(), explore), Trajectory(3, 11, 9)
    return [proposer.propose(episode, sensed(t)) for t in range(4)]


def test_a_plan_explores_in_the_place_of_the_policy_and_its_residual_says_how_far_from_the_base() -> None:
    actions = proposed(explore=True)
    assert [a.source for a in actions] == [P, G, P, G]
    np.testing.assert_array_equal(actions[1].value, [1.0, -1.0])
    np.testing.assert_array_equal(actions[1].residual, [0.75, -1.25])
    np.testing.assert_array_equal(actions[2].value, [0.25, 0.25])


def test_where_nothing_is_tried_out_no_plan_drives() -> None:
    assert [a.source for a in proposed(explore=False)] == [P] * 4


@pytest.mark.parametrize(
    ("who", "drops"),
    [([P, P, P], 0), ([P, H, H, P], 2), ([P, G, H, P], 2), ([P, Source.HOLD, P], 0)],
)
def test_what_was_planned_is_void_once_a_person_takes_the_arm_or_gives_it_back(
    who: list[Source], drops: int
) -> None:
    base = FakeBase()
    proposer = Proposer(base, None, None, explore=True)
    for before, now in pairwise(who):
        proposer.follow(before, now)
    assert base.dropped == drops


def test_the_base_plans_anew_where_a_plan_takes_over_and_where_it_is_done() -> None:
    proposer = Proposer(ChunkQueue(FakeChunks(), 10), None, FakeGuide(), explore=True)
    proposer.reset(0)
    episode = Trajectory(3, 11, 9)
    planned = [proposer.propose(episode, sensed(t)).base[0] * 100 for t in (0, 2, 4, 5, 7, 8, 10)]
    assert planned == pytest.approx([0, 0, 0, 5, 5, 8, 8])
