"""One critic update as a pure function of arrays; with it learn the gripper critic and the predictor."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from policies.replay.batch import Batch
from policies.residual import chunks, losses, situation, value_head
from policies.residual.behaviour import Behaviour
from policies.residual.blocks import on_sphere
from policies.residual.config import ResidualConfig
from policies.residual.networks import Critics, apply, choose_members, initial_params
from policies.residual.observation import Statistics
from policies.residual.self_prediction import Predictor, prediction_loss
from policies.residual.situation import Situation
from robot.core.spec import RigSpec

Metrics = dict[str, jax.Array]


class CriticState(NamedTuple):
    """What a critic update changes."""

    params: Any  # values; gripper and predictor where the settings ask for them
    targets: Any
    optimiser: Any
    key: jax.Array  # fixed; each update folds the step in
    step: jax.Array  # [] critic updates so far


class CriticUpdate:
    """TD learning of a REDQ ensemble on executed actions; spec and settings are constants here."""

    def __init__(self, spec: RigSpec, config: ResidualConfig, behaviour: Behaviour) -> None:
        self._spec, self._config, self._behaviour = spec, config, behaviour
        self._all = Critics(config, config.critics)
        self._subset = Critics(config, config.critic_subset)
        self._predictor = Predictor()
        self._optimiser = optimiser(config.critic_lr, config.grad_clip)

    def initial(self, key: jax.Array) -> CriticState:
        """Before the first update."""
        keys = jax.random.split(key, 4)
        params = {"values": initial_params(self._all, self._spec, keys[0])}
        if self._behaviour.has_gripper_critic:
            params["gripper"] = initial_params(self._behaviour.gripper, self._spec, keys[1])
        if self._config.self_prediction:
            params["predictor"] = self._initial_predictor(params["values"], keys[2])
        targets = jax.tree.map(jnp.copy, params)  # a copy: the update donates both
        return CriticState(params, targets, self._optimiser.init(params), keys[3], jnp.int32(0))

    def step(
        self, state: CriticState, actor: Any, statistics: Statistics, batch: Batch
    ) -> tuple[CriticState, Metrics]:
        """One update of the critics and of their targets; reads the actor and cannot change it."""
        target = self._target(state, actor, statistics, batch)
        now = situation.now(self._config, statistics, batch)
        then = situation.then(self._config, statistics, batch)
        rated = chunks.executed(self._config, batch, self._filler_key(state))

        def loss(params: Any) -> tuple[jax.Array, Metrics]:
            value, metrics = self._value_loss(params["values"], target, now, rated, batch)
            extra = self._gripper_loss(params, state.targets, now, then, batch)
            extra |= self._prediction_loss(params, state.targets, now, then, batch)
            return sum(extra.values(), value), metrics | extra

        (_, metrics), grads = jax.value_and_grad(loss, has_aux=True)(state.params)
        updates, optimiser_state = self._optimiser.update(grads, state.optimiser, state.params)
        params: Any = optax.apply_updates(state.params, updates)
        if self._config.norm == "hyperspherical":
            params = on_sphere(params)
        targets = optax.incremental_update(params, state.targets, self._config.target_ema)
        return CriticState(params, targets, optimiser_state, state.key, state.step + 1), metrics

    def _target(self, state: CriticState, actor: Any, statistics: Statistics, batch: Batch) -> jax.Array:
        config = self._config
        noise_key, member_key = jax.random.split(jax.random.fold_in(state.key, state.step))
        then, base = situation.then(config, statistics, batch), chunks.next_bases(config, batch)
        noise = jax.random.normal(noise_key, base.shape)
        decision = self._behaviour.decide(actor, state.params.get("gripper"), then, noise)
        smoothing = config.target_noise_std * noise if config.policy == "deterministic" else 0.0 * noise
        action = losses.target_action(base, decision.residual, smoothing, config.target_noise_clip)
        if decision.within is not None:
            action = jnp.clip(action, decision.within.low, decision.within.high)
        # Only the drawn members are evaluated: 2 of 10 cost a fifth.
        members = choose_members(state.targets["values"], member_key, config.critics, config.critic_subset)
        embedding = apply(self._subset, members, then.state, then.features, method="embed")
        rated = chunks.planned(config, action)
        q = apply(self._subset, members, embedding, then.context, rated, method="values")
        return losses.td_target(batch.reward, batch.discount, q, *self._range(batch))

    def _range(self, batch: Batch) -> tuple[losses.Tensor, losses.Tensor]:
        # Of each state's own: a shaped value is the plain one without the state's potential, and a bound
        # that is loose by all the potential lets the minimum over critics sink below what any failure earns.
        return self._config.value_min - batch.potential, self._config.value_max - batch.potential

    def _filler_key(self, state: CriticState) -> jax.Array:
        # Of what stands in steps that no longer count; the step's other draws come from its two halves.
        return jax.random.fold_in(jax.random.fold_in(state.key, state.step), 2)

    def _value_loss(
        self, params: Any, target: jax.Array, now: Situation, rated: losses.Tensor, batch: Batch
    ) -> tuple[jax.Array, Metrics]:
        out = apply(self._all, params, now.state, now.features, now.context, rated)
        loss = value_head.loss(self._config, out, target)
        mean = value_head.to_values(self._config, out).mean(axis=0)
        return loss, {
            "critic_loss": loss / len(out),
            "q_mean": mean.mean(),
            "q_expert_mean": losses.masked_mean(mean, batch.is_expert),
            "q_online_mean": losses.masked_mean(mean, ~batch.is_expert),
        }

    def _gripper_loss(
        self, params: Any, targets: Any, now: Situation, then: Situation, batch: Batch
    ) -> Metrics:
        if "gripper" not in params:
            return {}
        net = self._behaviour.gripper
        online = apply(net, params["gripper"], then.state, then.features, then.context)
        later = apply(net, targets["gripper"], then.state, then.features, then.context)
        target = losses.gripper_target(batch.reward, batch.discount, online, later, *self._range(batch))
        q = apply(net, params["gripper"], now.state, now.features, now.context)
        return {"gripper_loss": losses.gripper_loss(q, batch.action[:, self._behaviour.columns], target)}

    def _prediction_loss(
        self, params: Any, targets: Any, now: Situation, then: Situation, batch: Batch
    ) -> Metrics:
        if "predictor" not in params:
            return {}
        here = apply(self._all, params["values"], now.state, now.features, method="embed")
        there = apply(self._all, targets["values"], then.state, then.features, method="embed")
        predicted = apply(self._predictor, params["predictor"], here, batch.actions)
        weight = self._config.self_prediction
        return {"prediction_loss": weight * prediction_loss(predicted, there, batch.whole)}

    def _initial_predictor(self, values: Any, key: jax.Array) -> Any:
        state, features = np.zeros((1, self._spec.observation.state_size), np.float32), {}
        for camera, shape in self._spec.observation.features.items():
            features[camera] = np.zeros((1, *shape), np.float16)
        embedding = apply(self._all, values, state, features, method="embed")
        actions = np.zeros((1, self._config.n_step, self._spec.action.size), np.float32)
        return self._predictor.init(key, embedding, actions)["params"]


def optimiser(learning_rate: float, grad_clip: float) -> optax.GradientTransformation:
    """Adam behind a bound on the gradient's global norm."""
    return optax.chain(optax.clip_by_global_norm(grad_clip), optax.adam(learning_rate))
