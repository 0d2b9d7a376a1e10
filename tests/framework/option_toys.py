"""Small parts for the tests of action chunks and of the rate limit."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from policies.replay.batch import Batch
from policies.residual.agent import ResidualAgent
from policies.residual.config import ResidualConfig
from policies.residual.networks import Critics
from policies.residual.policy import ResidualPolicy
from policies.residual.situation import Situation
from policies.residual.update import LearnerState, UpdateRule
from policies.residual.weights import pack
from robot.core.spec import RigSpec
from robot.core.types import Array, Observation

ZERO, ONE = np.zeros(3, np.float32), np.ones(3, np.float32)


def new_agent(spec: RigSpec, config: ResidualConfig) -> ResidualAgent:
    return ResidualAgent(spec, config, ZERO, ONE, seed=0)


def one_batch(batches: Batch) -> Batch:
    return jax.tree.map(lambda x: x[0], batches)


def shaken(tree: Any, seed: int = 0, by: float = 0.3) -> Any:
    """Parameters away from their start, where every residual is zero."""
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: jnp.asarray(x + by * rng.normal(size=x.shape), jnp.float32), tree)


def shaken_state(spec: RigSpec, config: ResidualConfig) -> tuple[UpdateRule, LearnerState]:
    rule = UpdateRule(spec, config)
    state = rule.initial(0, ZERO, ONE)
    actor = state.actor._replace(params=shaken(state.actor.params))
    critic = state.critic._replace(targets=shaken(state.critic.targets, 1))
    return rule, LearnerState(actor, critic, state.statistics)


def target_of(rule: UpdateRule, state: LearnerState, batch: Batch) -> np.ndarray:
    """What the critics are to learn."""
    target = jax.jit(rule.critic._target)
    return np.asarray(target(state.critic, state.actor.params, state.statistics, batch))


def rated_by_all(config: ResidualConfig, state: LearnerState, seen: Situation, rated: Any) -> np.ndarray:
    """The least of all target critics' values [B]."""
    apply = jax.jit(Critics(config, config.critics).apply)
    values = {"params": state.critic.targets["values"]}
    q: Any = apply(values, seen.state, seen.features, seen.context, rated)  # of a scalar head
    return np.asarray(q)[..., 0].min(axis=0)


def running(spec: RigSpec, config: ResidualConfig, params: Any, version: int = 1) -> ResidualPolicy:
    """The robot's side, with these weights swapped in."""
    policy = ResidualPolicy(spec, config, "toy")
    swap_in(policy, params, version)
    return policy


def swap_in(policy: ResidualPolicy, params: Any, version: int) -> None:
    policy.swap(policy.load(pack({**params, "channels": {}}, version, 1, "toy")))


def seen_at(state: Array) -> Observation:
    return Observation(0, {"pose": state[:2], "width": state[2:]})
