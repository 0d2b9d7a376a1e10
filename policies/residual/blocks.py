"""The trunks of actors and critics: plain layers with LayerNorm, or blocks on a hypersphere."""

from __future__ import annotations

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from policies.residual.config import ResidualConfig

_UNIT = "unit_kernel"
_SHIFT = 3.0  # appended to the input before it is normalised, so that its length is not lost
_EXPANSION = 4
_ACTIVATIONS = {"relu": nn.relu, "tanh": jnp.tanh}


class Mlp(nn.Module):
    """Dense, LayerNorm and activation for each width [B, n] -> [B, out]; then one linear layer."""

    config: ResidualConfig
    out: int
    last_init: nn.initializers.Initializer = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        activation = _ACTIVATIONS[self.config.activation]
        for width in self.config.hidden:
            dense = nn.Dense(width, dtype=self.config.compute_dtype)
            x = activation(nn.LayerNorm()(dense(x).astype(jnp.float32)))
        return nn.Dense(self.out, kernel_init=self.last_init)(x)


class HypersphericalMlp(nn.Module):
    """SimbaV2's network (Lee et al., 2025) [B, n] -> [B, out]: features and weight columns of length one.

    Each block moves the features a learned share of the way to its proposal along the sphere. After every
    optimiser step the columns must be put back on the sphere by `on_sphere`.
    """

    config: ResidualConfig
    out: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        c, width = self.config, self.config.hidden[0]
        x = _unit(jnp.concatenate([x, jnp.full((len(x), 1), _SHIFT, x.dtype)], axis=-1))
        x = _unit(_Scale(width, (2 / width) ** 0.5)(_UnitDense(width, c.compute_dtype)(x)))
        for _ in c.hidden:
            proposal = _UnitDense(_EXPANSION * width, c.compute_dtype)(x)
            proposal = nn.relu(_Scale(_EXPANSION * width, (2 / (_EXPANSION * width)) ** 0.5)(proposal))
            proposal = _unit(_UnitDense(width, c.compute_dtype)(proposal))
            share = _Scale(width, width**-0.5, start=1 / (len(c.hidden) + 1))(jnp.ones(width))
            x = _unit(x + share * (proposal - x))
        x = _Scale(width, 1.0)(_UnitDense(width, c.compute_dtype)(x))
        bias = self.param("bias", nn.initializers.zeros, (self.out,))
        return _UnitDense(self.out, "float32")(x) + bias


class _UnitDense(nn.Module):
    """A linear layer without bias, whose columns have length one."""

    size: int
    dtype: str

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        def initial(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
            return _unit(jax.random.normal(key, shape), axis=0)

        kernel = self.param(_UNIT, initial, (x.shape[-1], self.size))
        return (x.astype(self.dtype) @ kernel.astype(self.dtype)).astype(jnp.float32)


class _Scale(nn.Module):
    """A learned factor a feature. Stored as ``scale`` times a parameter, it learns at Adam's own pace."""

    size: int
    scale: float
    start: float | None = None  # the factor's first value; None: ``scale``

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        start = self.scale if self.start is None else self.start
        stored = self.param("stored", nn.initializers.constant(self.scale), (self.size,))
        return x * stored * (start / self.scale)


def on_sphere(params: Any) -> Any:
    """The parameters with every column of a hyperspherical layer back at length one."""

    def project(path: Any, leaf: jax.Array) -> jax.Array:
        return _unit(leaf, axis=-2) if path[-1].key == _UNIT else leaf

    return jax.tree_util.tree_map_with_path(project, params)


def _unit(x: jax.Array, axis: int = -1) -> jax.Array:
    return x / jnp.maximum(jnp.linalg.norm(x, axis=axis, keepdims=True), 1e-8)
