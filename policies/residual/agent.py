"""The learner's agent: holds the learner state and updates it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np

from policies.replay.batch import Batch
from policies.residual.config import ResidualConfig
from policies.residual.networks import check_statistics
from policies.residual.update import LearnerState, Metrics, UpdateRule
from robot.core.spec import RigSpec
from robot.core.types import Array


class ResidualAgent:
    """Learns a bounded correction to a frozen base policy, off-policy.

    Args:
        spec: shapes of the observation and action, features as `channels.reduced` leaves them.
        config: the learning settings.
        state_mean: [S] of the flattened state, from the demonstrations.
        state_std: [S], all above 0.
        seed: fixes the initial networks and every draw of the updates.

    Raises:
        SpecMismatch: ``state_mean`` or ``state_std`` does not fit the spec.
    """

    def __init__(
        self, spec: RigSpec, config: ResidualConfig, state_mean: Array, state_std: Array, seed: int
    ) -> None:
        check_statistics(state_mean, state_std, spec.observation.state_size)
        self.spec, self.config = spec, config
        rule = UpdateRule(spec, config)
        self.state: LearnerState = rule.initial(seed, state_mean, state_std)
        # The old state is donated and updated in place: Adam alone holds twice the parameters.
        self._critic_step = jax.jit(rule.critic_step, donate_argnums=0)
        self._actor_step = jax.jit(rule.actor_step, donate_argnums=0)

    def update(
        self, batches: Batch | Sequence[Batch], train_actor: bool, bc_scale: float = 1.0
    ) -> dict[str, float]:
        """One critic update for each batch, then one actor update on the last if ``train_actor``.

        Returns:
            Metrics of the last batch. `q_expert_mean` or `q_online_mean` is nan if it had no such sample;
            the actor's are present only if it was trained.

        Raises:
            ValueError: no batch.
        """
        each = [batches] if isinstance(batches, Batch) else list(batches)
        if not each:
            raise ValueError("update got no batch, want one or more")
        metrics: Metrics = {}
        actor, critic, statistics = self.state
        # A Python loop: the calls are asynchronous, and a lax.scan would copy the stacked features first.
        for batch in each:
            critic, metrics = self._critic_step(critic, actor.params, statistics, batch)
        if train_actor:
            scale = np.float32(bc_scale)
            actor, more = self._actor_step(actor, critic.params, critic.step, statistics, each[-1], scale)
            metrics = metrics | more
        self.state = LearnerState(actor, critic, statistics)
        return {name: float(value) for name, value in metrics.items()}

    @property
    def actor_params(self) -> dict[str, Any]:
        """What the robot needs, for `weights.pack`: the actor and the state's statistics, as numpy copies."""
        tree = {"actor": self.state.actor.params, "state": self.state.statistics._asdict()}
        return jax.tree.map(np.array, tree)  # copies: the next update reuses the buffers

    @property
    def step(self) -> int:
        """Critic updates so far."""
        return int(self.state.critic.step)
