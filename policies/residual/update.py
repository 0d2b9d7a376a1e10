"""One critic update and one actor update, as pure functions of arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from policies.replay.batch import Batch
from policies.residual import losses
from policies.residual.config import ResidualConfig
from policies.residual.networks import Actor, Critics, Statistics, apply, choose_members, initial_params
from robot.core.spec import RigSpec
from robot.core.types import Array

Metrics = dict[str, jax.Array]
_SATURATED = 0.95  # of the bound


class ActorState(NamedTuple):
    """What an actor update changes, and nothing else does."""

    params: Any
    optimiser: Any
    key: jax.Array  # fixed; each update folds the step in


class CriticState(NamedTuple):
    """What a critic update changes."""

    params: Any
    targets: Any
    optimiser: Any
    key: jax.Array  # fixed; each update folds the step in
    step: jax.Array  # [] critic updates so far


class LearnerState(NamedTuple):
    """Everything an update reads or writes: saving it saves the agent."""

    actor: ActorState
    critic: CriticState
    statistics: Statistics


class UpdateRule:
    """TD3 with a REDQ critic ensemble on base + residual; the spec and the settings are constants here."""

    def __init__(self, spec: RigSpec, config: ResidualConfig) -> None:
        self.spec, self.config = spec, config
        self.actor = Actor(config, spec.action.size)
        self.critics = Critics(config, config.critics)
        self.target_critics = Critics(config, config.critic_subset)
        self.actor_critics = Critics(config, config.actor_critics)
        self.actor_optimiser = _optimiser(config.actor_lr, config.grad_clip)
        self.critic_optimiser = _optimiser(config.critic_lr, config.grad_clip)

    def initial(self, seed: int, state_mean: Array, state_std: Array) -> LearnerState:
        """The state before the first update."""
        keys = jax.random.split(jax.random.PRNGKey(seed), 4)
        actor = initial_params(self.actor, self.spec, keys[0])
        critics = initial_params(self.critics, self.spec, keys[1])
        targets = jax.tree.map(jnp.copy, critics)  # a copy: the update donates both
        return LearnerState(
            ActorState(actor, self.actor_optimiser.init(actor), keys[2]),
            CriticState(critics, targets, self.critic_optimiser.init(critics), keys[3], jnp.int32(0)),
            Statistics(jnp.array(state_mean, jnp.float32), jnp.array(state_std, jnp.float32)),
        )

    def critic_step(
        self, state: CriticState, actor: Any, statistics: Statistics, batch: Batch
    ) -> tuple[CriticState, Metrics]:
        """One critic update and one step of the targets; reads the actor and cannot change it."""
        target = self._target(state, actor, statistics, batch)
        now = statistics.normalise(batch.state)

        def loss(params: Any) -> tuple[jax.Array, jax.Array]:
            q = apply(self.critics, params, now, batch.features, batch.base_action, batch.action)
            return losses.critic_loss(q, target), q

        (value, q), grads = jax.value_and_grad(loss, has_aux=True)(state.params)
        updates, optimiser = self.critic_optimiser.update(grads, state.optimiser, state.params)
        params: Any = optax.apply_updates(state.params, updates)
        targets = optax.incremental_update(params, state.targets, self.config.target_ema)
        metrics = _critic_metrics(value, q, batch)
        return CriticState(params, targets, optimiser, state.key, state.step + 1), metrics

    def _target(self, state: CriticState, actor: Any, statistics: Statistics, batch: Batch) -> jax.Array:
        config = self.config
        noise_key, member_key = jax.random.split(jax.random.fold_in(state.key, state.step))
        then, base = statistics.normalise(batch.next_state), batch.next_base_action
        residual = apply(self.actor, actor, then, batch.next_features, base)
        noise = config.target_noise_std * jax.random.normal(noise_key, base.shape)
        action = losses.target_action(base, residual, noise, config.target_noise_clip)
        # Only the drawn members are evaluated: 2 of 10 cost a fifth.
        members = choose_members(state.targets, member_key, config.critics, config.critic_subset)
        q = apply(self.target_critics, members, then, batch.next_features, base, action)
        return losses.td_target(batch.reward, batch.discount, q, config.value_min, config.value_max)

    def actor_step(
        self,
        state: ActorState,
        critics: Any,
        step: jax.Array,
        statistics: Statistics,
        batch: Batch,
        bc_scale: jax.Array,
    ) -> tuple[ActorState, Metrics]:
        """One actor update uphill on the critics and toward the person's corrections."""
        config, now, base = self.config, statistics.normalise(batch.state), batch.base_action
        key = jax.random.fold_in(state.key, step)
        members = choose_members(critics, key, config.critics, config.actor_critics)
        embedding = apply(self.actor_critics, members, now, batch.features, method="embed")
        mask = batch.is_human | batch.is_expert

        def loss(params: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            residual = apply(self.actor, params, now, batch.features, base)
            action = jnp.clip(base + residual, -1.0, 1.0)
            q = apply(self.actor_critics, members, embedding, base, action, method="values")
            bc = losses.bc_loss(residual, batch.action, base, mask, config.residual_scale)
            return losses.q_loss(q) + bc_scale * config.bc_weight * bc, (residual, bc)

        (value, (residual, bc)), grads = jax.value_and_grad(loss, has_aux=True)(state.params)
        updates, optimiser = self.actor_optimiser.update(grads, state.optimiser, state.params)
        params = optax.apply_updates(state.params, updates)
        metrics = _actor_metrics(value, bc, residual, config.residual_scale)
        return ActorState(params, optimiser, state.key), metrics


def _optimiser(learning_rate: float, grad_clip: float) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(grad_clip), optax.adam(learning_rate))


def _critic_metrics(loss: jax.Array, q: jax.Array, batch: Batch) -> Metrics:
    mean = q.mean(axis=0)
    return {
        "critic_loss": loss / q.shape[0],
        "q_mean": mean.mean(),
        "q_expert_mean": losses.masked_mean(mean, batch.is_expert),
        "q_online_mean": losses.masked_mean(mean, ~batch.is_expert),
    }


def _actor_metrics(loss: jax.Array, bc: jax.Array, residual: jax.Array, bound: float) -> Metrics:
    size = jnp.abs(residual)
    return {
        "actor_loss": loss,
        "bc_loss": bc,
        "residual_abs_mean": size.mean(),
        "saturation": (size > _SATURATED * bound).mean(),
    }
