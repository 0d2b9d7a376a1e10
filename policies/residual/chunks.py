"""Action chunks: several control steps decided, and rated, at once.

Source: Q-chunking (Li, Zhou and Levine, "Reinforcement learning with action chunking", 2025). A critic that
sees all h actions that were executed has an h-step target without bias, whoever chose them.

The h steps of a sample are not always there, and samples without all of them are kept here, for near the goal
there are hardly others. Where nothing that follows counts (a terminal step; a take-over that is a failure),
any action might stand in a missing step, so one around the base's own is drawn anew every time: the critic
learns not to care. Where the policy decided anew before its time (a time limit, a take-over) the missing
actions are zeros, and a flag for each step tells the critic.

H is the chunk times A, one step after the other; with a chunk of 1 that is an action as it is.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from policies.replay.batch import Batch
from policies.residual.config import ResidualConfig
from policies.residual.losses import Tensor


class Lesson(NamedTuple):
    """What each step of B samples teaches the actor: [B, A], or [B, h, A] of chunks."""

    residual: jax.Array  # what the actor would add
    action: Tensor  # executed
    base: Tensor
    followed: Tensor  # bool: a person, a plan or a demonstration decided that, and is to be followed


def rated_size(config: ResidualConfig, action_size: int) -> int:
    """R, how many numbers a critic reads of the actions it rates."""
    return action_size if config.chunk == 1 else config.chunk * (action_size + 1)


def bases(config: ResidualConfig, batch: Batch) -> Tensor:
    """The base's actions [B, H] of the steps that a decision spans.

    After the first step they are what the base wanted where the recorded actions led: an approximation, for
    other residuals would have led elsewhere.
    """
    return batch.base_action if config.chunk == 1 else _flat(batch.base_actions)


def next_bases(config: ResidualConfig, batch: Batch) -> Tensor:
    """The same [B, H] where the samples lead."""
    return batch.next_base_action if config.chunk == 1 else _flat(batch.next_base_actions)


def planned(config: ResidualConfig, actions: Tensor) -> Tensor:
    """What a critic reads [B, R] of actions [B, H] that are all to be executed."""
    if config.chunk == 1:
        return actions
    return jnp.concatenate([actions, jnp.ones((len(actions), config.chunk))], axis=-1)


def executed(config: ResidualConfig, batch: Batch, key: jax.Array) -> Tensor:
    """What a critic reads [B, R] of the actions in a batch; ``key`` draws those that no longer count."""
    if config.chunk == 1:
        return batch.action
    over = (batch.discount == 0.0)[:, None]
    any_near = config.residual_scale * jax.random.uniform(key, batch.actions.shape, minval=-1.0)
    filler = jnp.clip(batch.base_actions + any_near, -1.0, 1.0)
    actions = jnp.where((over & ~batch.present)[..., None], filler, batch.actions)
    return jnp.concatenate([_flat(actions), (over | batch.present).astype(jnp.float32)], axis=-1)


def lesson(config: ResidualConfig, batch: Batch, residual: jax.Array, follow: jax.Array | bool) -> Lesson:
    """A decided residual [B, H] beside what was done in its steps.

    ``follow`` [B] says where what was shown is to be followed at all: in all steps of the sample, or in none.
    """
    if config.chunk == 1:
        followed = batch.shown[:, 0] & jnp.reshape(follow, (-1, 1))
        return Lesson(residual, batch.action, batch.base_action, followed)
    followed = batch.shown & jnp.reshape(follow, (-1, 1, 1))
    return Lesson(residual.reshape(batch.actions.shape), batch.actions, batch.base_actions, followed)


def _flat(actions: Tensor) -> Tensor:
    return actions.reshape(len(actions), -1)
