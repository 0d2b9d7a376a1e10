"""The actor and the critic ensemble, over stored feature maps and a state vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from policies.residual.config import ResidualConfig
from robot.core.errors import SpecMismatch
from robot.core.spec import RigSpec
from robot.core.types import Array, Arrays

Features = Mapping[str, jax.Array]  # camera -> [B, h, w, c]
_STATE_CLIP = 5.0  # standard deviations: a sensor glitch must not dominate an update


class Statistics(NamedTuple):
    """Of the flattened state; they travel with the weights."""

    mean: jax.Array  # [S]
    std: jax.Array  # [S] above 0

    def normalise(self, state: jax.Array | np.ndarray) -> jax.Array:
        """The state [B, S] in standard deviations, clipped to +-5."""
        return jnp.clip((state - self.mean) / self.std, -_STATE_CLIP, _STATE_CLIP)


def check_statistics(mean: Any, std: Any, size: int) -> None:
    """Raise SpecMismatch unless both are [size], finite, and std is above 0."""
    mean, std = np.asarray(mean), np.asarray(std)
    if mean.shape != (size,) or std.shape != (size,):
        raise SpecMismatch(f"state mean and std: got shapes {mean.shape} and {std.shape}, want ({size},)")
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise SpecMismatch(f"state mean and std must be finite, std above 0: got {mean} and {std}")


class SpatialEmbedding(nn.Module):
    """Feature map [B, h, w, c] -> [B, size]: a weight for every position and channel keeps places apart."""

    size: int

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        flat = features.reshape(len(features), -1).astype(jnp.float32)
        return jnp.tanh(nn.LayerNorm()(nn.Dense(self.size)(flat)))


class ObservationEncoder(nn.Module):
    """Normalised state [B, S] and feature maps -> one embedding [B, S + cameras * embed_size]."""

    config: ResidualConfig

    @nn.compact
    def __call__(self, state: jax.Array, features: Features) -> jax.Array:
        parts = [state]
        for camera in sorted(features):
            embed = SpatialEmbedding(self.config.embed_size, name=camera)
            parts.append(embed(features[camera]))
        return jnp.concatenate(parts, axis=-1)


class Mlp(nn.Module):
    """Dense, LayerNorm, relu for each width; then one linear layer to ``out`` values."""

    hidden: tuple[int, ...]
    out: int
    last_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for width in self.hidden:
            x = nn.relu(nn.LayerNorm()(nn.Dense(width)(x)))
        return nn.Dense(self.out, kernel_init=self.last_init)(x)


class Actor(nn.Module):
    """Observation and base action -> residual [B, A] within +-residual_scale; zero at first.

    It has its own encoder instead of the critic's: its weights are then all the robot needs, and a
    critic-only update cannot move what the running policy does.
    """

    config: ResidualConfig
    action_size: int

    @nn.compact
    def __call__(self, state: jax.Array, features: Features, base_action: jax.Array) -> jax.Array:
        embedding = ObservationEncoder(self.config, name="encoder")(state, features)
        head = Mlp(self.config.hidden, self.action_size, nn.initializers.zeros, name="head")
        return self.config.residual_scale * jnp.tanh(head(jnp.concatenate([embedding, base_action], axis=-1)))


class Critics(nn.Module):
    """N values [N, B] of an executed action [B, A]: one shared encoder, every later layer separate.

    Source: REDQ and RLPD ensembles; the last layer is separate too, unlike HIL-SERL issue #33.
    """

    config: ResidualConfig
    members: int

    def setup(self) -> None:
        self.encoder = ObservationEncoder(self.config)
        ensemble = nn.vmap(
            Mlp,
            in_axes=None,  # pyright: ignore[reportArgumentType]  # every member sees the same input
            out_axes=0,
            variable_axes={"params": 0},
            split_rngs={"params": True},
            axis_size=self.members,
        )
        self.ensemble = ensemble(self.config.hidden, 1)

    def __call__(
        self, state: jax.Array, features: Features, base_action: jax.Array, action: jax.Array
    ) -> jax.Array:
        return self.values(self.encoder(state, features), base_action, action)

    def embed(self, state: jax.Array, features: Features) -> jax.Array:
        """The observation embedding [B, E]."""
        return self.encoder(state, features)

    def values(self, embedding: jax.Array, base_action: jax.Array, action: jax.Array) -> jax.Array:
        """The values [N, B] of an action at an embedded observation."""
        return self.ensemble(jnp.concatenate([embedding, base_action, action], axis=-1))[..., 0]


def choose_members(params: Any, key: jax.Array, critics: int, count: int) -> Any:
    """Critic parameters of ``count`` random members; the encoder is shared and stays."""
    if count == critics:
        return params
    chosen = jax.random.choice(key, critics, (count,), replace=False)
    return {**params, "ensemble": jax.tree.map(lambda leaf: leaf[chosen], params["ensemble"])}


def blank_inputs(spec: RigSpec) -> tuple[Array, Arrays, Array]:
    """Zeros in the shapes of one observation and action: state [1, S], features, action [1, A]."""
    features = {k: np.zeros((1, *s), np.float16) for k, s in spec.observation.features.items()}
    state = np.zeros((1, spec.observation.state_size), np.float32)
    return state, features, np.zeros((1, spec.action.size), np.float32)


def initial_params(module: Actor | Critics, spec: RigSpec, key: jax.Array) -> Any:
    """The parameters of a new actor or critic ensemble."""
    state, features, action = blank_inputs(spec)
    actions = [action] if isinstance(module, Actor) else [action, action]
    return jax.jit(module.init)(key, state, features, *actions)["params"]


def apply(module: nn.Module, params: Any, *inputs: Any, method: str | None = None) -> jax.Array:
    """The module's output; flax types it as "an array, or an array and changed variables"."""
    return cast(jax.Array, module.apply({"params": params}, *inputs, method=method))
