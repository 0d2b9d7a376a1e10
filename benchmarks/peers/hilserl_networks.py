"""HIL-SERL's networks (Luo et al., 2024, arXiv 2410.21845), written anew from the paper and its settings.

The trunk is ResNet-10 with random weights: what an update costs does not depend on them.
"""

from __future__ import annotations

from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

Observation = Mapping[str, jax.Array]  # "state" [B, S], and each camera [B, H, W, 3] uint8
_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_STD = np.array([0.229, 0.224, 0.225], np.float32)
_STAGES = (64, 128, 256, 512)
_BLOCKS, _BOTTLENECK, _PROPRIO = 8, 256, 64
_HIDDEN = (256, 256)
_STD_RANGE = (1e-5, 5.0)


def _norm() -> nn.GroupNorm:
    return nn.GroupNorm(num_groups=4, epsilon=1e-5)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a way around them."""

    filters: int
    stride: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        strides = (self.stride, self.stride)
        y = nn.relu(_norm()(nn.Conv(self.filters, (3, 3), strides, use_bias=False)(x)))
        y = _norm()(nn.Conv(self.filters, (3, 3), use_bias=False)(y))
        if x.shape != y.shape:
            x = _norm()(nn.Conv(self.filters, (1, 1), strides, use_bias=False)(x))
        return nn.relu(x + y)


class ResNet10(nn.Module):
    """uint8 [B, 128, 128, 3] -> [B, 4, 4, 512], before any pooling."""

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        x = (image.astype(jnp.float32) / 255.0 - _MEAN) / _STD
        x = nn.Conv(_STAGES[0], (7, 7), (2, 2), padding=[(3, 3), (3, 3)], use_bias=False)(x)
        x = nn.max_pool(nn.relu(_norm()(x)), (3, 3), (2, 2), padding="SAME")
        for i, filters in enumerate(_STAGES):
            x = ResidualBlock(filters, 1 if i == 0 else 2)(x)
        return x


class CameraHead(nn.Module):
    """Spatial learned embedding (8 a channel), then 256 values."""

    @nn.compact
    def __call__(self, features: jax.Array, train: bool) -> jax.Array:
        shape = (*features.shape[1:], _BLOCKS)
        kernel = self.param("kernel", nn.initializers.lecun_normal(), shape)
        x = jnp.einsum("bhwc,hwcf->bcf", features, kernel).reshape(len(features), -1)
        x = nn.Dropout(0.1, deterministic=not train)(x)
        return jnp.tanh(nn.LayerNorm()(nn.Dense(_BOTTLENECK)(x)))


class Encoder(nn.Module):
    """Observation -> [B, 256 * cameras + 64]; the trunk inside is frozen and shared by the cameras."""

    cameras: tuple[str, ...]

    @nn.compact
    def __call__(self, seen: Observation, train: bool, stop_gradient: bool) -> jax.Array:
        if not self.cameras:
            return seen["state"]
        trunk, parts = ResNet10(name="trunk"), []
        for camera in self.cameras:
            features = jax.lax.stop_gradient(trunk(seen[camera]))
            part = CameraHead(name=camera)(features, train)
            parts.append(jax.lax.stop_gradient(part) if stop_gradient else part)
        parts.append(jnp.tanh(nn.LayerNorm()(nn.Dense(_PROPRIO)(seen["state"]))))
        return jnp.concatenate(parts, axis=-1)


class Mlp(nn.Module):
    """Dense, LayerNorm, tanh, twice."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for width in _HIDDEN:
            x = jnp.tanh(nn.LayerNorm()(nn.Dense(width)(x)))
        return x


class Value(nn.Module):
    """One critic's value [B, 1] of an encoded observation and an action."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        return nn.Dense(1)(Mlp()(x))


class HilSerl(nn.Module):
    """Encoder, actor, critics and temperature in one parameter tree, as the project keeps them."""

    cameras: tuple[str, ...]
    critics: int
    action_size: int

    def setup(self) -> None:
        self.encoder = Encoder(self.cameras)
        self.policy_body, self.mean = Mlp(), nn.Dense(self.action_size)
        self.log_std = nn.Dense(self.action_size)
        ensemble = nn.vmap(
            Value,
            in_axes=None,  # pyright: ignore[reportArgumentType]  # every member sees the same input
            variable_axes={"params": 0},
            split_rngs={"params": True},
            axis_size=self.critics,
        )
        self.ensemble = ensemble()
        self.multiplier = self.param("multiplier", nn.initializers.constant(np.log(np.expm1(0.01))), ())

    def __call__(self, seen: Observation, action: jax.Array) -> tuple[jax.Array, ...]:
        """Touch every parameter, so that they exist."""
        return *self.policy(seen, False), self.values(seen, action), self.temperature()

    def policy(self, seen: Observation, train: bool = True) -> tuple[jax.Array, jax.Array]:
        """Mean and standard deviation [B, A] before the tanh; no gradient reaches the cameras' part."""
        x = self.policy_body(self.encoder(seen, train, stop_gradient=True))
        return self.mean(x), jnp.clip(jnp.exp(self.log_std(x)), *_STD_RANGE)

    def values(self, seen: Observation, action: jax.Array) -> jax.Array:
        """[N, B]."""
        x = jnp.concatenate([self.encoder(seen, False, stop_gradient=False), action], axis=-1)
        return self.ensemble(x)[..., 0]

    def temperature(self) -> jax.Array:
        """[] above 0."""
        return jax.nn.softplus(self.multiplier)
