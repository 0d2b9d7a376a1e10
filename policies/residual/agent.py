"""The learner's agent: holds the learner state and updates it."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from policies.replay.batch import Batch
from policies.residual.config import ResidualConfig
from policies.residual.observation import check_statistics
from policies.residual.sharding import copied, spread
from policies.residual.update import LearnerState, UpdateRule
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
        self._rule = UpdateRule(spec, config)
        self.state: LearnerState = copied(self._rule.initial(seed, state_mean, state_std))

    def update(self, batches: Batch, train_actor: bool) -> dict[str, float]:
        """A critic update for each of K batches [K, B, ...], then one of the actor on the last, if asked.

        Returns:
            Metrics of the last batch. `q_expert_mean` or `q_online_mean` is nan if it had no such sample;
            the actor's are present only if it was trained.
        """
        learn = self._rule.learn if train_actor else self._rule.learn_values
        self.state, metrics = learn(self.state, spread(batches))
        return {name: float(value) for name, value in metrics.items()}

    @property
    def actor_params(self) -> dict[str, Any]:
        """What the robot needs, for `weights.pack`: policy and state statistics, as numpy copies."""
        actor, statistics = self.state.actor, self.state.statistics._asdict()
        tree = {"actor": actor.params, "state": statistics}
        if self.config.averages:
            tree["average"] = actor.average
        if "gripper" in self.state.critic.params:
            tree["gripper"] = self.state.critic.params["gripper"]
        return jax.tree.map(np.array, tree)  # copies: the next update reuses the buffers

    @property
    def step(self) -> int:
        """Critic updates so far."""
        return int(self.state.critic.step)

    @property
    def compilations(self) -> int:
        """Programs compiled so far; a session needs two, one for each value of ``train_actor``."""
        rule: Any = self._rule
        return rule.learn._cache_size() + rule.learn_values._cache_size()
