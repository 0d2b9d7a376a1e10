"""Action chunks: what critics and actor read of samples, the target, and the robot's queue."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from policies.replay.batch import Batch
from policies.residual import chunks, losses, situation
from policies.residual.checkpoint import load, save
from policies.residual.config import ResidualConfig
from policies.residual.networks import Actor
from policies.residual.policy import ResidualPolicy
from robot.core.errors import ConfigError, SpecMismatch
from robot.core.types import Array
from tests.framework.option_toys import (
    new_agent,
    one_batch,
    rated_by_all,
    running,
    seen_at,
    shaken,
    shaken_state,
    swap_in,
    target_of,
)
from tests.framework.residual_toys import SMALL, random_batch, rig
from tests.framework.test_residual_learns import experience

CHUNK = replace(SMALL, chunk=3, n_step=3, critics=2, target_noise_std=0.0)
BASE = np.array([0.2, -0.3], np.float32)
KEY = jax.random.PRNGKey(0)


def some_missing() -> Batch:
    """Four samples: whole; over after one step; decided anew after two; over with the third step."""
    batch = one_batch(random_batch(rig(0), 0, size=4))
    present = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1]], bool)
    discount = np.array([0.7, 0.0, 0.8, 0.0], np.float32)
    return batch._replace(present=present, discount=discount, actions=batch.actions * present[..., None])


def test_critics_see_which_steps_are_missing_unless_nothing_counts_any_more() -> None:
    batch = some_missing()
    rated = np.asarray(chunks.executed(CHUNK, batch, KEY))
    assert rated.shape == (4, chunks.rated_size(CHUNK, 2)) == (4, 9)
    assert rated[:, 6:].tolist() == [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 1]]
    kept = [0, 2, 3]
    np.testing.assert_array_equal(rated[kept, :6], batch.actions.reshape(4, 6)[kept])
    np.testing.assert_array_equal(rated[1, :2], batch.actions[1, 0])
    assert not rated[2, 4:6].any()


def test_what_no_longer_counts_is_drawn_anew_around_the_base() -> None:
    batch = some_missing()
    drawn = [np.asarray(chunks.executed(CHUNK, batch, key))[1, 2:6] for key in jax.random.split(KEY, 300)]
    base = batch.base_actions[1, 1:].reshape(-1)
    low, high = np.clip(base - 0.5, -1, 1), np.clip(base + 0.5, -1, 1)
    assert (np.min(drawn, axis=0) >= low - 1e-6).all()
    assert (np.max(drawn, axis=0) <= high + 1e-6).all()
    np.testing.assert_allclose(np.min(drawn, axis=0), low, atol=0.05)
    np.testing.assert_allclose(np.max(drawn, axis=0), high, atol=0.05)


def test_the_target_rates_the_next_chunk_over_the_bases_own_steps() -> None:
    spec, batch = rig(0), some_missing()
    rule, state = shaken_state(spec, CHUNK)
    then = situation.then(CHUNK, state.statistics, batch)
    raw: Any = Actor(CHUNK, 6).apply({"params": state.actor.params}, then.state, {}, batch.next_base_action)
    residual = 0.5 * np.tanh(raw.mean)
    assert np.abs(residual).max() > 0.1
    action = np.clip(batch.next_base_actions.reshape(4, 6) + residual, -1, 1)
    q = rated_by_all(CHUNK, state, then, np.concatenate([action, np.ones((4, 3))], axis=1))
    wanted = np.clip(batch.reward + batch.discount * q, 0, 1)
    np.testing.assert_allclose(target_of(rule, state, batch), wanted, atol=1e-5)


def test_a_person_teaches_the_steps_that_they_drove() -> None:
    zeros = np.zeros((1, 3, 2), np.float32)
    batch = one_batch(random_batch(rig(0), 0, size=1))._replace(
        actions=np.array([[[0.2, 0.4], [0.9, 0.9], [0, 0]]], np.float32),
        base_actions=zeros,
        present=np.array([[True, True, False]]),
        shown=np.array([[[True, True], [False, False], [False, False]]]),
    )
    taught = chunks.lesson(CHUNK, batch, jnp.full((1, 6), 0.1), jnp.array([True]))
    toward = losses.bc_loss(taught.residual, taught.action, taught.base, taught.followed, 0.5)
    assert float(toward) == pytest.approx((0.1**2 + 0.3**2) / 2)  # the first step alone
    worse = chunks.lesson(CHUNK, batch, taught.residual, jnp.array([False]))
    assert not worse.followed.any()  # where the critics rate what the person did below the actor's chunk


def test_what_does_not_go_with_a_chunk_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        ResidualConfig(chunk=4, action_rate=0.1, gripper="discrete", critics=0)
    names = [p.split(":")[0] for p in caught.value.problems]
    assert names == ["critics", "critic_subset", "actor_critics", "n_step", "action_rate", "gripper"]
    assert "want 4" in caught.value.problems[3]


@pytest.fixture(scope="module")
def params() -> Any:
    learner = new_agent(rig(0), CHUNK)
    actor = shaken(learner.actor_params["actor"])
    return {**learner.actor_params, "actor": actor, "average": actor}


@pytest.fixture(scope="module")
def compiled(params: Any) -> ResidualPolicy:
    return running(rig(0), CHUNK, params)


@pytest.fixture
def policy(compiled: ResidualPolicy) -> ResidualPolicy:
    return copy.copy(compiled)


def act(policy: ResidualPolicy, mark: float, seed: int | None = None) -> Array:
    return policy.act(seen_at(np.full(3, mark, np.float32)), BASE, seed)


def test_a_chunk_is_handed_out_step_by_step(policy: ResidualPolicy, params: Any) -> None:
    raw: Any = Actor(CHUNK, 6).apply({"params": params["actor"]}, np.full((1, 3), 0.5), {}, BASE[None])
    wanted = 0.5 * np.tanh(np.asarray(raw.mean)).reshape(3, 2)
    got = [act(policy, mark) for mark in (0.5, -1.0, 2.0)]  # what is seen in between is not looked at
    np.testing.assert_allclose(got, wanted, atol=1e-6)
    assert not np.allclose(act(policy, 1.5), wanted[0])  # decided anew


def test_a_hand_over_and_new_weights_end_a_chunk(policy: ResidualPolicy, params: Any) -> None:
    first = act(policy, 0.5)
    second = act(policy, 0.5)
    assert not np.allclose(first, second)
    policy.drop()
    np.testing.assert_array_equal(act(policy, 0.5), first)
    swap_in(policy, params, 2)
    np.testing.assert_array_equal(act(policy, 0.5), first)
    np.testing.assert_array_equal(act(policy, 0.5), second)


def test_exploration_differs_from_step_to_step_of_a_chunk(policy: ResidualPolicy) -> None:
    plain = np.array([act(policy, 0.5) for _ in range(3)])
    noisy = np.array([act(policy, 0.5, seed) for seed in (7, 8, 9)])
    again = np.array([act(policy, 0.5, seed) for seed in (7, 0, 0)])  # the first call's seed draws them all
    np.testing.assert_array_equal(noisy, again)
    assert len(np.unique(np.round(noisy - plain, 5))) > 3
    assert np.abs(noisy).max() <= CHUNK.residual_scale


def test_a_checkpoint_of_chunks_is_read_back_and_refused_without(tmp_path: Path) -> None:
    learner = new_agent(rig(0), CHUNK)
    other = copy.copy(learner)
    actor = learner.state.actor._replace(params=shaken(learner.state.actor.params))
    other.state = learner.state._replace(actor=actor)
    save(tmp_path, learner, {})
    load(tmp_path, other)
    for a, b in zip(jax.tree.leaves(learner.state), jax.tree.leaves(other.state), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(SpecMismatch, match="another network"):
        load(tmp_path, new_agent(rig(0), replace(CHUNK, chunk=1)))


def goals(state: Array) -> Array:
    """Where each step of a chunk should go [..., 3, 2]: there, back, and there again."""
    goal = 0.4 * state[..., :2]
    return np.stack([goal, -goal, goal], axis=-2)


def practice(rng: np.random.Generator) -> Batch:
    """Random chunks; half of them are over after the first step."""
    batch = one_batch(experience(rng, rig(0), 3))
    actions = rng.uniform(-0.6, 0.6, batch.actions.shape).astype(np.float32)
    present = np.ones(batch.present.shape, bool)
    present[::2, 1:] = False
    near = 1.0 - np.abs(actions - goals(batch.state)).max(axis=-1)
    batch = batch._replace(
        actions=actions * present[..., None],
        action=actions[:, 0],
        present=present,
        reward=(present * near).mean(axis=1),
    )
    return jax.tree.map(lambda x: x[None], batch)


def test_learns_what_to_do_in_each_step_of_a_chunk() -> None:
    config = replace(CHUNK, hidden=(64, 64), critic_lr=2e-3, actor_lr=2e-3, residual_scale=0.6, bc_weight=0.0)
    learner, rng = new_agent(rig(0), config), np.random.default_rng(0)
    for i in range(400):
        learner.update(practice(rng), train_actor=i >= 50)
    assert learner.compilations == 2
    policy = running(rig(0), config, learner.actor_params)
    states = np.random.default_rng(99).uniform(-1, 1, (100, 3)).astype(np.float32)
    zero = np.zeros(2, np.float32)
    took = np.array([[policy.act(seen_at(s), zero) for _ in range(3)] for s in states])
    assert (np.abs(took - goals(states)).max(axis=2) < 0.2).mean() > 0.9  # untrained: 0.25
