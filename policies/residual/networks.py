"""The actor and the critic ensemble, over stored feature maps and a state vector."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from policies.residual import value_head
from policies.residual.blocks import HypersphericalMlp, Mlp
from policies.residual.chunks import rated_size
from policies.residual.config import ResidualConfig
from policies.residual.observation import Features, ObservationEncoder
from policies.residual.situation import context_size
from policies.residual.squashed import std_of
from robot.core.spec import ActionSpec, RigSpec
from robot.core.types import Array, Arrays

GRIPPER_CLASSES = 3  # close, stay, open: -1, 0, 1


class Residual(NamedTuple):
    """What the actor says of the residual before it is squashed into its bounds."""

    mean: jax.Array  # [B, H]; H is A, or of a chunk one A after the other
    std: jax.Array  # [B, H]; zeros of a deterministic actor


class Actor(nn.Module):
    """Observation and `Situation.context` -> the residual before squashing; its mean is zero at first.

    It has its own encoder instead of the critic's: its weights are then all the robot needs, and a
    critic-only update cannot move what the running policy does.
    """

    config: ResidualConfig
    action_size: int

    @nn.compact
    def __call__(self, state: jax.Array, features: Features, context: jax.Array) -> Residual:
        embedding = ObservationEncoder(self.config, name="encoder")(state, features)
        gaussian = self.config.policy == "gaussian"
        head = Mlp(self.config, self.action_size * (1 + gaussian), nn.initializers.zeros, name="head")
        out = head(jnp.concatenate([embedding, context], axis=-1))
        if not gaussian:
            return Residual(out, jnp.zeros_like(out))
        mean, log_std = jnp.split(out, 2, axis=-1)
        return Residual(mean, std_of(log_std))


class Critics(nn.Module):
    """N values [N, B] of executed actions, laid out by `chunks` [B, R].

    One shared encoder, every later layer separate, the last one too, unlike HIL-SERL issue #33.
    Source: REDQ and RLPD ensembles.
    """

    config: ResidualConfig
    members: int

    def setup(self) -> None:
        self.encoder = ObservationEncoder(self.config)
        trunk = Mlp if self.config.norm == "layer" else HypersphericalMlp
        ensemble = nn.vmap(
            trunk,
            in_axes=None,  # pyright: ignore[reportArgumentType]  # every member sees the same input
            out_axes=0,
            variable_axes={"params": 0},
            split_rngs={"params": True},
            axis_size=self.members,
        )
        self.ensemble = ensemble(self.config, value_head.outputs(self.config))

    def __call__(
        self, state: jax.Array, features: Features, context: jax.Array, rated: jax.Array
    ) -> jax.Array:
        return self.outputs(self.encoder(state, features), context, rated)

    def embed(self, state: jax.Array, features: Features) -> jax.Array:
        """The observation embedding [B, E]."""
        return self.encoder(state, features)

    def outputs(self, embedding: jax.Array, context: jax.Array, rated: jax.Array) -> jax.Array:
        """What `value_head` reads [N, B, K], of actions at an embedded observation."""
        return self.ensemble(jnp.concatenate([embedding, context, rated], axis=-1))

    def values(self, embedding: jax.Array, context: jax.Array, rated: jax.Array) -> jax.Array:
        """The values [N, B] of actions at an embedded observation."""
        return value_head.to_values(self.config, self.outputs(embedding, context, rated))


class GripperCritic(nn.Module):
    """Values [B, G, 3] of close, stay and open for each of G grippers (HIL-SERL's grasp critic)."""

    config: ResidualConfig
    grippers: int

    @nn.compact
    def __call__(self, state: jax.Array, features: Features, context: jax.Array) -> jax.Array:
        embedding = ObservationEncoder(self.config, name="encoder")(state, features)
        head = Mlp(self.config, self.grippers * GRIPPER_CLASSES, name="head")
        out = head(jnp.concatenate([embedding, context], axis=-1))
        return out.reshape(len(out), self.grippers, GRIPPER_CLASSES)


def gripper_columns(spec: ActionSpec) -> np.ndarray:
    """Where the grippers' commands stand in an action [G]."""
    ends = np.cumsum([arm.size for arm in spec.arms])
    return np.array([end - 1 for end, arm in zip(ends, spec.arms, strict=True) if arm.gripper], np.int32)


def choose_members(params: Any, key: jax.Array, critics: int, count: int) -> Any:
    """Critic parameters of ``count`` random members; what they share stays."""
    if count == critics:
        return params
    chosen = jax.random.choice(key, critics, (count,), replace=False)
    return {**params, "ensemble": jax.tree.map(lambda leaf: leaf[chosen], params["ensemble"])}


def blank_inputs(spec: RigSpec) -> tuple[Array, Arrays, Array]:
    """Zeros in the shapes of one observation and action: state [1, S], features, action [1, A]."""
    features = {k: np.zeros((1, *s), np.float16) for k, s in spec.observation.features.items()}
    state = np.zeros((1, spec.observation.state_size), np.float32)
    return state, features, np.zeros((1, spec.action.size), np.float32)


def initial_params(module: Actor | Critics | GripperCritic, spec: RigSpec, key: jax.Array) -> Any:
    """The parameters of a new actor or critic."""
    state, features, _ = blank_inputs(spec)
    sizes = [context_size(module.config, spec.action.size)]
    if isinstance(module, Critics):
        sizes.append(rated_size(module.config, spec.action.size))
    blank = [np.zeros((1, size), np.float32) for size in sizes]
    return jax.jit(module.init)(key, state, features, *blank)["params"]


def apply(module: nn.Module, params: Any, *inputs: Any, method: str | None = None) -> Any:
    """The module's output; flax types it as "an array, or an array and changed variables"."""
    return cast(Any, module.apply({"params": params}, *inputs, method=method))
