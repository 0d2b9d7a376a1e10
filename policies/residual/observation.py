"""From a stored observation to one embedding: the state, and a small layer over the frozen trunk's maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from policies.residual.config import ResidualConfig
from robot.core.errors import SpecMismatch

Features = Mapping[str, Any]  # camera -> array [B, h, w, c]
_STATE_CLIP = 5.0  # standard deviations: a sensor glitch must not dominate an update
_PLACES = 8  # weights a channel of the spatial embedding, as in HIL-SERL


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


class Squeeze(nn.Module):
    """[B, n] -> [B, size] in (-1, 1): dense, LayerNorm, tanh."""

    size: int
    dtype: str

    @nn.compact
    def __call__(self, flat: jax.Array) -> jax.Array:
        return jnp.tanh(nn.LayerNorm()(nn.Dense(self.size, dtype=self.dtype)(flat).astype(jnp.float32)))


class LinearEmbedding(nn.Module):
    """Feature map [B, h, w, c] -> [B, size]: a weight for every position and channel keeps places apart.

    Stored [size, inputs], not as `nn.Dense` does: its gradient is then a product that need not transpose the
    maps, the largest thing in an update, and takes half the time.
    """

    size: int
    dtype: str

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        flat = features.reshape(len(features), -1).astype(self.dtype)
        initial = nn.initializers.lecun_normal(in_axis=-1, out_axis=-2)
        kernel = self.param("kernel", initial, (self.size, flat.shape[-1])).astype(self.dtype)
        return jnp.tanh(nn.LayerNorm()((flat @ kernel.T).astype(jnp.float32)))


class SpatialEmbedding(nn.Module):
    """Feature map [B, h, w, c] -> [B, size] by 8 learned maps of places a channel (HIL-SERL's).

    c * 8 sums over places first, then a dense layer: fewer weights than a linear one, and more work.
    """

    size: int
    dtype: str

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        _, h, w, c = features.shape
        places = self.param("places", nn.initializers.lecun_normal(), (h * w, c, _PLACES))
        maps = features.reshape(len(features), h * w, c).astype(self.dtype)
        sums = jnp.einsum("bpc,pck->bck", maps, places.astype(self.dtype))
        return Squeeze(self.size, self.dtype, name="squeeze")(sums.reshape(len(features), -1))


class ObservationEncoder(nn.Module):
    """Normalised state [B, S] and feature maps -> one embedding [B, E]."""

    config: ResidualConfig

    @nn.compact
    def __call__(self, state: jax.Array, features: Features) -> jax.Array:
        c = self.config
        parts = [Squeeze(c.state_size, c.compute_dtype, name="state")(state) if c.state_size else state]
        embedding = LinearEmbedding if c.embedding == "linear" else SpatialEmbedding
        for camera in sorted(features):
            embed = embedding(c.embed_size, c.compute_dtype, name=f"camera_{camera}")
            parts.append(embed(features[camera]))
        return jnp.concatenate(parts, axis=-1)
