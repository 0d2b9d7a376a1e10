"""The newest actor explores; the average of the latest ones acts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from policies.residual.actor_average import averaged
from policies.residual.agent import ResidualAgent
from policies.residual.config import ResidualConfig
from policies.residual.networks import Actor
from tests.framework.option_toys import new_agent, running, seen_at, shaken
from tests.framework.residual_toys import SMALL, random_batch, rig

EVERY = replace(SMALL, critics_per_actor=1)


def _mix(config: ResidualConfig, critic_steps: int, old: float = 0.0, new: float = 1.0) -> float:
    mixed: Any = averaged(config, {"w": jnp.array([old])}, {"w": jnp.array([new])}, jnp.int32(critic_steps))
    return float(mixed["w"][0])


@pytest.mark.parametrize(("updates", "share"), [(1, 1.0), (2, 1.0), (5, 0.5), (250, 0.01), (10**6, 0.001)])
def test_the_newest_counts_less_and_less_and_never_less_than_one_in_the_window(
    updates: int, share: float
) -> None:
    assert _mix(replace(EVERY, actor_average=1000), updates) == pytest.approx(share)


def test_a_window_of_one_is_the_newest_bit_for_bit() -> None:
    third = float(np.float32(1 / 3))
    assert _mix(replace(EVERY, actor_average=1), 10**6, old=0.1, new=third) == third


def test_updates_of_the_actor_count_not_of_the_critics() -> None:
    assert _mix(replace(EVERY, critics_per_actor=4, actor_average=1000), 20) == pytest.approx(0.5)


def _learned(config: ResidualConfig, updates: int) -> ResidualAgent:
    learner = new_agent(rig(0), config)
    for i in range(updates):
        learner.update(random_batch(rig(0), i), train_actor=True)
    return learner


def _flat(tree: Any) -> np.ndarray:
    return np.concatenate([np.ravel(x) for x in jax.tree.leaves(tree)])


def test_both_are_published_and_averaging_changes_nothing_of_what_is_learned() -> None:
    learner = _learned(replace(EVERY, actor_average=5), 60)
    params, newest = learner.actor_params, _flat(learner.state.actor.params)
    assert np.array_equal(_flat(params["actor"]), newest)
    assert np.abs(_flat(params["average"]) - newest).max() > 1e-4
    assert np.array_equal(_flat(_learned(replace(EVERY, actor_average=1), 60).actor_params["actor"]), newest)


def test_the_newest_explores_and_the_average_acts() -> None:
    config = replace(EVERY, exploration_std=0.0)
    params, base = new_agent(rig(0), config).actor_params, np.zeros(2, np.float32)
    params["actor"], params["average"] = shaken(params["actor"], 1), shaken(params["actor"], 2)
    policy, seen = running(rig(0), config, params), seen_at(np.full(3, 0.5, np.float32))
    for name, seed in (("actor", 7), ("average", None)):
        raw: Any = Actor(config, 2).apply({"params": params[name]}, np.full((1, 3), 0.5), {}, base[None])
        wanted = config.residual_scale * np.tanh(np.asarray(raw.mean))[0]
        np.testing.assert_allclose(policy.act(seen, base, seed), wanted, atol=1e-6)


def test_without_averaging_none_is_published_and_the_newest_acts() -> None:
    config = replace(EVERY, actor_average=1)
    params = new_agent(rig(0), config).actor_params
    assert "average" not in params
    params["actor"] = shaken(params["actor"], 1)
    policy, seen, base = running(rig(0), config, params), seen_at(np.full(3, 0.5, np.float32)), np.zeros(2)
    raw: Any = Actor(config, 2).apply({"params": params["actor"]}, np.full((1, 3), 0.5), {}, base[None])
    wanted = config.residual_scale * np.tanh(np.asarray(raw.mean))[0]
    np.testing.assert_allclose(policy.act(seen, base.astype(np.float32)), wanted, atol=1e-6)


def test_updates_of_the_critics_alone_leave_the_average() -> None:
    learner = _learned(EVERY, 3)
    before = _flat(learner.actor_params["average"])
    learner.update(random_batch(rig(0), 9), train_actor=False)
    assert np.array_equal(_flat(learner.actor_params["average"]), before)
