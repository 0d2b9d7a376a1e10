"""A normal distribution squashed into the residual's bounds (SAC, Haarnoja et al., 2018). Pure."""

from __future__ import annotations

import jax
import jax.numpy as jnp

STD_MIN, STD_MAX = 1e-5, 5.0  # HIL-SERL's bounds


def std_of(log_std: jax.Array) -> jax.Array:
    """The standard deviation before the squashing, kept in bounds."""
    return jnp.clip(jnp.exp(log_std), STD_MIN, STD_MAX)


def sample(mean: jax.Array, std: jax.Array, noise: jax.Array, bound: float) -> tuple[jax.Array, jax.Array]:
    """Residuals [B, A] in (-bound, bound) and each one's log-density [B, A]; ``noise`` is standard normal."""
    before = mean + std * noise
    normal = -0.5 * (noise**2 + jnp.log(2 * jnp.pi)) - jnp.log(std)
    # log of d(bound tanh(x))/dx = bound (1 - tanh^2 x), in a form that does not lose its tail.
    slope = jnp.log(bound) + 2.0 * (jnp.log(2.0) - before - jax.nn.softplus(-2.0 * before))
    return bound * jnp.tanh(before), normal - slope
