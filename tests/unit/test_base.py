"""The chunk queue: when it plans, with which seed, and what it forgets."""

import numpy as np
import pytest

from policies.base import ChunkQueue, NoBase, chunk_seed
from robot.core.errors import SpecMismatch
from robot.core.types import Array, Observation

OBSERVATION = Observation(0, {"x": np.zeros(2, np.float32)})


class CountingPlan:
    """A chunk policy whose actions say which plan and which row they come from."""

    fingerprint = "counting"

    def __init__(self) -> None:
        self.seeds: list[int] = []

    def plan(self, observation: Observation, seed: int) -> Array:
        self.seeds.append(seed)
        return np.array([[len(self.seeds), row] for row in range(4)], np.float32)


def test_queue_executes_the_action_horizon_then_plans_again() -> None:
    queue = ChunkQueue(CountingPlan(), action_horizon=2)
    got = [queue.act(OBSERVATION).tolist() for _ in range(5)]
    assert got == [[1, 0], [1, 1], [2, 0], [2, 1], [3, 0]]


def test_drop_forgets_the_rest_of_the_chunk_and_plans_with_a_new_seed() -> None:
    plan = CountingPlan()
    queue = ChunkQueue(plan, action_horizon=4)
    queue.act(OBSERVATION)
    queue.drop()
    assert queue.act(OBSERVATION).tolist() == [2, 0]
    assert len(set(plan.seeds)) == 2


def test_same_episode_seed_gives_the_same_chunk_seeds() -> None:
    plan = CountingPlan()
    queue = ChunkQueue(plan, action_horizon=1)
    for seed in (7, 8, 7):
        queue.reset(seed)
        queue.act(OBSERVATION)
        queue.act(OBSERVATION)
    assert plan.seeds[:2] == plan.seeds[4:]
    assert len(set(plan.seeds)) == 4


def test_chunk_seed_is_the_same_on_every_machine_and_fits_a_torch_generator() -> None:
    assert chunk_seed(3, 0) == 2791653144601025653 < 2**63
    assert chunk_seed(1, 23) != chunk_seed(12, 3)


def test_a_chunk_shorter_than_the_action_horizon_is_refused() -> None:
    with pytest.raises(SpecMismatch, match="action_horizon"):
        ChunkQueue(CountingPlan(), action_horizon=5).act(OBSERVATION)
    with pytest.raises(SpecMismatch, match="at least 1"):
        ChunkQueue(CountingPlan(), action_horizon=0)


def test_no_base_holds() -> None:
    assert NoBase(3).act(OBSERVATION).tolist() == [0, 0, 0]
