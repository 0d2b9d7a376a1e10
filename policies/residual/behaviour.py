"""How actor and gripper critic together turn an observation and the base's action into a residual."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from policies.residual.config import ResidualConfig
from policies.residual.losses import Tensor
from policies.residual.networks import Actor, GripperCritic, Residual, apply, gripper_columns
from policies.residual.observation import Features
from policies.residual.squashed import sample
from robot.core.spec import ActionSpec


class Decision(NamedTuple):
    """A residual, and how likely the actor was to choose its continuous part."""

    residual: jax.Array  # [B, A]; the caller adds the base and clips to [-1, 1]
    log_density: jax.Array  # [B]; zeros of a deterministic actor


class Behaviour:
    """The policy as pure functions of parameters; learner and robot share it."""

    def __init__(self, spec: ActionSpec, config: ResidualConfig) -> None:
        self._config = config
        self.actor = Actor(config, spec.size)
        self.columns = gripper_columns(spec)
        self.has_gripper_critic = config.gripper == "discrete" and len(self.columns) > 0
        self.gripper = GripperCritic(config, len(self.columns))
        # The grippers' columns are the gripper critic's: the actor's density is that of the others.
        self.continuous = jnp.ones(spec.size).at[self.columns].set(0.0 if self.has_gripper_critic else 1.0)

    def decide(
        self,
        actor: Any,
        gripper: Any,
        state: jax.Array,
        features: Features,
        base: Tensor,
        noise: jax.Array | None = None,
    ) -> Decision:
        """The residual for a normalised state [B, S]; without standard normal ``noise`` [B, A] its mode."""
        raw: Residual = apply(self.actor, actor, state, features, base)
        bound = self._config.residual_scale
        if noise is None or self._config.policy == "deterministic":
            residual, density = bound * jnp.tanh(raw.mean), jnp.zeros(len(base))
        else:
            residual, densities = sample(raw.mean, raw.std, noise, bound)
            density = densities @ self.continuous
        if self.has_gripper_critic:
            residual = self._with_gripper(residual, gripper, state, features, base)
        return Decision(residual, density)

    def explore(
        self,
        actor: Any,
        gripper: Any,
        state: jax.Array,
        features: Features,
        base: Tensor,
        noise: jax.Array | None,
    ) -> jax.Array:
        """What the robot adds to the base [B, A]: the mode, or with ``noise`` something around it."""
        residual = self.decide(actor, gripper, state, features, base, noise).residual
        if noise is None or self._config.policy == "gaussian":
            return residual
        noisy = residual + self._config.exploration_std * noise * self.continuous
        bound = jnp.where(self.continuous > 0, self._config.residual_scale, 2.0)
        return jnp.clip(noisy, -bound, bound)

    def _with_gripper(
        self, residual: jax.Array, gripper: Any, state: jax.Array, features: Features, base: Tensor
    ) -> jax.Array:
        best = apply(self.gripper, gripper, state, features, base).argmax(axis=-1)  # [B, G]
        wanted = best.astype(jnp.float32) - 1.0
        return residual.at[:, self.columns].set(wanted - base[:, self.columns])
