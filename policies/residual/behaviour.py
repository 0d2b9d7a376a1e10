"""How actor and gripper critic together turn an observation and the base's action into a residual."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from policies.residual import reachable
from policies.residual.config import ResidualConfig
from policies.residual.networks import Actor, GripperCritic, Residual, apply, gripper_columns
from policies.residual.rate_limited import Reach
from policies.residual.situation import Situation
from policies.residual.squashed import sample
from robot.core.spec import ActionSpec


class Decision(NamedTuple):
    """The residuals of the next control steps, and how likely the actor was to choose their continuous part.

    H is the chunk times A, one step after the other.
    """

    residual: jax.Array  # [B, H]; the caller adds the base and clips to [-1, 1]
    log_density: jax.Array  # [B]; zeros of a deterministic actor
    within: Reach | None  # [B, A] where the rate is limited: base + residual, also with noise, stays in it


class Behaviour:
    """The policy as pure functions of parameters; learner and robot share it."""

    def __init__(self, spec: ActionSpec, config: ResidualConfig) -> None:
        self._config = config
        self.actor = Actor(config, spec.size * config.chunk)
        self.columns = gripper_columns(spec)
        self.has_gripper_critic = config.gripper == "discrete" and len(self.columns) > 0
        self.gripper = GripperCritic(config, len(self.columns))
        # The grippers' columns are the gripper critic's: the actor's density is that of the others.
        one = jnp.ones(spec.size).at[self.columns].set(0.0 if self.has_gripper_critic else 1.0)
        self.continuous = jnp.tile(one, config.chunk)  # [H]

    def decide(self, actor: Any, gripper: Any, seen: Situation, noise: jax.Array | None = None) -> Decision:
        """The residual in a situation; without standard normal ``noise`` [B, H] its mode."""
        raw: Residual = apply(self.actor, actor, seen.state, seen.features, seen.context)
        noise = None if self._config.policy == "deterministic" else noise
        decision = self._free(raw, noise) if seen.previous is None else self._limited(raw, seen, noise)
        if not self.has_gripper_critic:
            return decision
        return decision._replace(residual=self._with_gripper(decision.residual, gripper, seen))

    def explore(self, actor: Any, gripper: Any, seen: Situation, noise: jax.Array | None) -> jax.Array:
        """What the robot adds to the base [B, H]: the mode, or with ``noise`` something around it."""
        residual, _, within = self.decide(actor, gripper, seen, noise)
        if noise is None or self._config.policy == "gaussian":
            return residual
        noisy = residual + self._config.exploration_std * noise * self.continuous
        if within is not None:
            return jnp.clip(seen.base + noisy, within.low, within.high) - seen.base
        bound = jnp.where(self.continuous > 0, self._config.residual_scale, 2.0)
        return jnp.clip(noisy, -bound, bound)

    def _free(self, raw: Residual, noise: jax.Array | None) -> Decision:
        bound = self._config.residual_scale
        if noise is None:
            return Decision(bound * jnp.tanh(raw.mean), jnp.zeros(len(raw.mean)), None)
        residual, densities = sample(raw.mean, raw.std, noise, bound)
        return Decision(residual, densities @ self.continuous, None)

    def _limited(self, raw: Residual, seen: Situation, noise: jax.Array | None) -> Decision:
        assert seen.previous is not None
        within = reachable.allowed(self._config, seen.base, seen.previous)
        action, densities = reachable.choose(raw, seen.base, within, noise)
        moves = self.continuous > 0  # a gripper critic's command is a class, not a motion
        free = Reach(jnp.where(moves, within.low, -1.0), jnp.where(moves, within.high, 1.0))
        return Decision(action - seen.base, densities @ self.continuous, free)

    def _with_gripper(self, residual: jax.Array, gripper: Any, seen: Situation) -> jax.Array:
        best = apply(self.gripper, gripper, seen.state, seen.features, seen.context).argmax(axis=-1)  # [B, G]
        wanted = best.astype(jnp.float32) - 1.0
        return residual.at[:, self.columns].set(wanted - seen.base[:, self.columns])
