"""The network: learned places on each camera's map, then two dense layers to one logit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from policies.residual.observation import SpatialEmbedding
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.frames import Frames
from robot.core.types import Array, Arrays

_CLIP = 5.0  # standard deviations
_LEAST_STD = 1e-3
_CHUNK = 512  # frames scored at once


class HeadSize(NamedTuple):
    """The settings that the network's shape and its outputs depend on."""

    embed: int
    hidden: int
    dropout: float
    use_state: bool


class Model(NamedTuple):
    """Everything that scores a frame; nested dictionaries of arrays."""

    params: dict[str, Any]
    statistics: dict[str, Any]  # camera or "state" -> {"mean", "std"}, over channels or dimensions


def head_size(config: ClassifierConfig) -> HeadSize:
    """Of a configuration."""
    return HeadSize(config.embed_size, config.hidden_size, config.dropout, config.use_state)


class Head(nn.Module):
    """Standardised maps [B, h, w, c] and state [B, S] -> logit [B] of success.

    The places a channel are HIL-SERL's spatial embedding (Luo et al., 2024), as its own classifier has them.
    """

    size: HeadSize

    @nn.compact
    def __call__(self, maps: Mapping[str, jax.Array], state: jax.Array, training: bool) -> jax.Array:
        embed = {c: SpatialEmbedding(self.size.embed, "float32", name=f"camera_{c}") for c in sorted(maps)}
        parts = [embed[camera](maps[camera]) for camera in embed]
        x = jnp.concatenate([*parts, state] if self.size.use_state else parts, axis=-1)
        x = nn.Dropout(self.size.dropout, deterministic=not training)(x)
        x = nn.relu(nn.LayerNorm()(nn.Dense(self.size.hidden)(x)))
        return nn.Dense(1)(x)[:, 0]


def initial(frames: Frames, size: HeadSize, seed: int) -> Model:
    """Untrained, with the statistics of the training frames."""
    statistics = {camera: _statistics(m, (0, 1, 2)) for camera, m in frames.features.items()}
    statistics["state"] = _statistics(frames.state, (0,))
    one = frames.at(np.zeros(1, int))
    maps, state = standardised(statistics, one.features, one.state)
    params = Head(size).init(jax.random.PRNGKey(seed), maps, state, training=False)["params"]
    return Model(dict(params), statistics)


def standardised(
    statistics: Mapping[str, Any], maps: Mapping[str, Any], state: Any
) -> tuple[dict[str, jax.Array], jax.Array]:
    """Maps and state in standard deviations, clipped to 5 either way; a NaN stays one."""

    def scale(x: Any, s: Mapping[str, Any]) -> jax.Array:
        return jnp.clip((jnp.asarray(x, jnp.float32) - s["mean"]) / s["std"], -_CLIP, _CLIP)

    return {c: scale(m, statistics[c]) for c, m in maps.items()}, scale(state, statistics["state"])


def logits(model: Model, size: HeadSize, maps: Arrays, state: Array) -> np.ndarray:
    """[N] of N frames."""
    parts = []
    for i in range(0, len(state), _CHUNK):
        some = {camera: m[i : i + _CHUNK] for camera, m in maps.items()}
        parts.append(np.asarray(_logits(size, model, some, state[i : i + _CHUNK])))
    return np.concatenate(parts).astype(np.float64)


@partial(jax.jit, static_argnums=0)
def _logits(size: HeadSize, model: Model, maps: dict[str, jax.Array], state: jax.Array) -> jax.Array:
    return Head(size).apply({"params": model.params}, *standardised(model.statistics, maps, state), False)  # type: ignore[return-value]


def _statistics(x: np.ndarray, axes: tuple[int, ...]) -> dict[str, np.ndarray]:
    mean, std = x.mean(axes, dtype=np.float64), x.std(axes, dtype=np.float64)
    return {"mean": mean.astype(np.float32), "std": np.maximum(std, _LEAST_STD).astype(np.float32)}
