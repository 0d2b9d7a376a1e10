"""One actor update as a pure function of arrays: uphill on the critics, toward what a person or plan did."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import optax

from policies.replay.batch import Batch
from policies.residual import chunks, losses, situation
from policies.residual.actor_average import averaged
from policies.residual.behaviour import Behaviour, Decision
from policies.residual.config import ResidualConfig
from policies.residual.critic_update import CriticState, Metrics, optimiser
from policies.residual.networks import Critics, apply, choose_members, initial_params
from policies.residual.observation import Statistics
from robot.core.spec import RigSpec

_SATURATED = 0.95  # of the bound


class ActorState(NamedTuple):
    """What an actor update changes, and nothing else does."""

    params: Any
    average: Any  # of the params over the latest updates: see actor_average.py
    log_temperature: jax.Array  # [] of a gaussian actor; a deterministic one leaves it alone
    optimiser: Any
    key: jax.Array  # fixed; each update folds the step in


class ActorUpdate:
    """TD3's or SAC's actor on base + residual; spec and settings are constants here."""

    def __init__(self, spec: RigSpec, config: ResidualConfig, behaviour: Behaviour) -> None:
        self._spec, self._config, self._behaviour = spec, config, behaviour
        self._critics = Critics(config, config.actor_critics)
        self._optimiser = optimiser(config.actor_lr, config.grad_clip)
        # HIL-SERL's: minus half the number of continuous values, here for a density within the bounds.
        count = behaviour.continuous.sum()
        self._target_entropy = float(-0.5 * count + count * jnp.log(config.residual_scale))

    def initial(self, key: jax.Array) -> ActorState:
        """Before the first update."""
        init_key, key = jax.random.split(key)
        params = initial_params(self._behaviour.actor, self._spec, init_key)
        average = jax.tree.map(jnp.copy, params)  # a copy: the update donates both
        log_temperature = jnp.log(jnp.float32(self._config.temperature))
        optimiser_state = self._optimiser.init((params, log_temperature))
        return ActorState(params, average, log_temperature, optimiser_state, key)

    def step(
        self,
        state: ActorState,
        critic: CriticState,
        statistics: Statistics,
        batch: Batch,
    ) -> tuple[ActorState, Metrics]:
        """One update; reads the critics and cannot change them."""
        noise_key, member_key = jax.random.split(jax.random.fold_in(state.key, critic.step))
        config = self._config
        now, base = situation.now(config, statistics, batch), chunks.bases(config, batch)
        values, gripper = critic.params["values"], critic.params.get("gripper")
        members = choose_members(values, member_key, config.critics, config.actor_critics)
        embedding = apply(self._critics, members, now.state, now.features, method="embed")
        noise = jax.random.normal(noise_key, base.shape)
        done = chunks.executed(config, batch, jax.random.fold_in(noise_key, 0))
        q_person = apply(self._critics, members, embedding, now.context, done, method="values")

        def loss(params: tuple[Any, jax.Array]) -> tuple[jax.Array, Metrics]:
            actor, log_temperature = params
            decision = self._behaviour.decide(actor, gripper, now, noise)
            rated = chunks.planned(config, jnp.clip(base + decision.residual, -1.0, 1.0))
            q = apply(self._critics, members, embedding, now.context, rated, method="values")
            follow = losses.worth_following(q_person, q) if config.bc_filter else True
            bc = self._bc_loss(decision, batch, follow)
            climb = self._climb(q, decision, log_temperature)
            metrics = _metrics(climb, bc, decision.residual, config.residual_scale)
            return climb + config.bc_weight * bc, metrics

        params = (state.params, state.log_temperature)
        (_, metrics), grads = jax.value_and_grad(loss, has_aux=True)(params)
        updates, optimiser_state = self._optimiser.update(grads, state.optimiser, params)
        new, log_temperature = cast(Any, optax.apply_updates(params, updates))
        average = averaged(config, state.average, new, critic.step)
        return ActorState(new, average, log_temperature, optimiser_state, state.key), metrics

    def _bc_loss(self, decision: Decision, batch: Batch, follow: jax.Array | bool) -> jax.Array:
        # Toward the person where one acted.
        taught = chunks.lesson(self._config, batch, decision.residual, follow)
        free, bound = self._behaviour.continuous, self._config.residual_scale
        free = free.reshape(taught.residual.shape[1:])
        residual, action, base = taught.residual * free, taught.action * free, taught.base * free
        if decision.within is not None:  # the actor can follow no further than its reach, wherever that is
            low, high = decision.within.low * free, decision.within.high * free
            action, bound = jnp.clip(action, low, high), 2.0
        return losses.bc_loss(residual, action, base, taught.followed, bound)

    def _climb(self, q: jax.Array, decision: Decision, log_temperature: jax.Array) -> jax.Array:
        if self._config.policy == "deterministic":
            return losses.q_loss(q)
        climb = losses.entropy_loss(q, decision.log_density, jnp.exp(log_temperature))
        surprise = self._comparable(decision)
        return climb + losses.temperature_loss(log_temperature, surprise, self._target_entropy)

    def _comparable(self, decision: Decision) -> jax.Array:
        # The target entropy is for an interval as wide as the bound allows; a narrower one has less for all.
        if decision.within is None:
            return decision.log_density
        narrower = jnp.log(decision.within.half / self._config.residual_scale)
        return decision.log_density + narrower @ self._behaviour.continuous


def _metrics(climb: jax.Array, bc: jax.Array, residual: jax.Array, bound: float) -> Metrics:
    size = jnp.abs(residual)
    return {
        "actor_loss": climb,
        "bc_loss": bc,
        "residual_abs_mean": size.mean(),
        "saturation": (size > _SATURATED * bound).mean(),
    }
