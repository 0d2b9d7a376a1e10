"""One round of learning, compiled as one program: K critic updates in a scan, then one of the actor."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp

from policies.replay.batch import Batch
from policies.residual.actor_update import ActorState, ActorUpdate
from policies.residual.behaviour import Behaviour
from policies.residual.config import ResidualConfig
from policies.residual.critic_update import CriticState, CriticUpdate, Metrics
from policies.residual.observation import Statistics
from robot.core.spec import RigSpec
from robot.core.types import Array


class LearnerState(NamedTuple):
    """Everything an update reads or writes: saving it saves the agent."""

    actor: ActorState
    critic: CriticState
    statistics: Statistics


class UpdateRule:
    """Actor and critic updates of one rig with one set of settings."""

    def __init__(self, spec: RigSpec, config: ResidualConfig) -> None:
        behaviour = Behaviour(spec.action, config)
        self.critic = CriticUpdate(spec, config, behaviour)
        self.actor = ActorUpdate(spec, config, behaviour)
        # The old state is donated and updated in place: Adam alone holds twice the parameters.
        self.learn = jax.jit(self._learn, donate_argnums=0)
        self.learn_values = jax.jit(self._learn_values, donate_argnums=0)

    def initial(self, seed: int, state_mean: Array, state_std: Array) -> LearnerState:
        """The state before the first update."""
        actor_key, critic_key = jax.random.split(jax.random.PRNGKey(seed))
        statistics = Statistics(jnp.array(state_mean, jnp.float32), jnp.array(state_std, jnp.float32))
        return LearnerState(self.actor.initial(actor_key), self.critic.initial(critic_key), statistics)

    def _learn(self, state: LearnerState, batches: Batch) -> tuple[LearnerState, Metrics]:
        critic, metrics = self._critics(state, batches)
        last = jax.tree.map(lambda x: x[-1], batches)
        actor, more = self.actor.step(state.actor, critic, state.statistics, last)
        return LearnerState(actor, critic, state.statistics), metrics | more

    def _learn_values(self, state: LearnerState, batches: Batch) -> tuple[LearnerState, Metrics]:
        critic, metrics = self._critics(state, batches)
        return LearnerState(state.actor, critic, state.statistics), metrics

    def _critics(self, state: LearnerState, batches: Batch) -> tuple[CriticState, Metrics]:
        step = partial(self._critic_step, actor=state.actor, statistics=state.statistics)
        critic, metrics = jax.lax.scan(step, state.critic, batches)
        return critic, jax.tree.map(lambda x: x[-1], metrics)

    def _critic_step(
        self, critic: CriticState, batch: Batch, actor: ActorState, statistics: Statistics
    ) -> tuple[CriticState, Metrics]:
        return self.critic.step(critic, actor.params, statistics, batch)
