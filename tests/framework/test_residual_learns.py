"""One-step problems: the reward is 1 if the executed action is near a goal that the observation tells."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from policies.replay.batch import Batch
from policies.residual.agent import ResidualAgent
from policies.residual.config import ResidualConfig
from policies.residual.policy import ResidualPolicy
from policies.residual.weights import pack
from robot.core.spec import RigSpec
from robot.core.types import Array, Arrays, Observation
from tests.framework.residual_toys import MAP, payload, rig

CONFIG = ResidualConfig(
    hidden=(64, 64), critics=4, critic_lr=1e-3, actor_lr=5e-4, bc_weight=0.0, embed_size=32
)
NEAR = 0.2  # a random action within the bound hits one time in eight
ROWS = 256


def observe(rng: np.random.Generator, spec: RigSpec, n: int) -> tuple[Array, Arrays, Array]:
    """State [n, 3], feature maps, goals [n, 2]: in the state, or as where in the map the blob is."""
    state = rng.uniform(-1, 1, (n, 3)).astype(np.float32)
    if not spec.observation.features:
        return state, {}, 0.4 * state[:, :2]
    row, column = rng.integers(0, 4, (2, n))
    maps = 0.1 * rng.normal(size=(n, *MAP))
    maps[np.arange(n), row, column, 0] += 2.0
    goal = np.stack([row, column], axis=1) / 3 * 0.8 - 0.4
    return state, {"cam0": maps.astype(np.float16)}, goal.astype(np.float32)


def reward(action: Array, goal: Array) -> Array:
    return (np.abs(action - goal).max(axis=1) < NEAR).astype(np.float32)


def experience(rng: np.random.Generator, spec: RigSpec, n_step: int = CONFIG.n_step) -> Batch:
    """Random actions, terminal after one step."""
    state, features, goal = observe(rng, spec, ROWS)
    base = np.zeros((ROWS, 2), np.float32)
    action = rng.uniform(-0.5, 0.5, (ROWS, 2)).astype(np.float32)
    no, first = np.zeros(ROWS, bool), np.tile(np.arange(n_step) == 0, (ROWS, 1))
    steps = first[..., None] * action[:, None]
    batch = Batch(
        state=state,
        features=features,
        base_action=base,
        action=action,
        reward=reward(action, goal),
        discount=np.zeros(ROWS, np.float32),
        next_state=state,
        next_features=features,
        next_base_action=base,
        previous_action=base,
        next_previous_action=action,
        actions=steps,
        base_actions=0 * steps,
        next_base_actions=0 * steps,
        present=first,
        shown=np.zeros_like(steps, bool),
        is_expert=no,
        potential=np.zeros(ROWS, np.float32),
    )
    return jax.tree.map(lambda x: x[None], batch)


def success(policy: ResidualPolicy, spec: RigSpec) -> float:
    state, features, goal = observe(np.random.default_rng(99), spec, 200)
    hits = 0.0
    for i in range(200):
        seen = {k: v[i] for k, v in features.items()}
        observation = Observation(0, {"pose": state[i, :2], "width": state[i, 2:]}, {}, seen)
        action = policy.act(observation, np.zeros(2, np.float32))
        hits += float(reward(action[None], goal[i : i + 1])[0])
    return hits / 200


@pytest.mark.parametrize(("cameras", "warm_up", "updates"), [(0, 50, 300), (1, 500, 1000)])
def test_learns_to_reach_the_goal(cameras: int, warm_up: int, updates: int) -> None:
    spec = rig(cameras)
    learner = ResidualAgent(spec, CONFIG, np.zeros(3, np.float32), np.ones(3, np.float32), seed=0)
    policy = ResidualPolicy(spec, CONFIG, "toy")
    before = success(policy, spec)
    rng = np.random.default_rng(0)
    for i in range(updates):
        learner.update(experience(rng, spec), train_actor=i >= warm_up)
    policy.swap(policy.load(pack(payload(learner), 1, learner.step, "toy")))
    assert before < 0.5
    assert success(policy, spec) > 0.9
