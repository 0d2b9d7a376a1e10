"""What a critic's outputs mean: one number, or a distribution over bins of the value's known range."""

from __future__ import annotations

import jax
import numpy as np

from policies.residual import losses
from policies.residual.config import ResidualConfig

_SIGMA = 0.75  # of the target's histogram, in bins: the value Farebrother et al. (2024) recommend
_MARGIN = 3  # bins beyond the value range at either end, so that a histogram there is not cut off


def outputs(config: ResidualConfig) -> int:
    """How many numbers a critic gives."""
    return 1 if config.head == "scalar" else config.bins


def to_values(config: ResidualConfig, out: jax.Array) -> jax.Array:
    """Values [...] of critic outputs [..., K]: the number itself, or the distribution's mean."""
    if config.head == "scalar":
        return out[..., 0]
    return jax.nn.softmax(out) @ _centres(config)


def loss(config: ResidualConfig, out: jax.Array, target: jax.Array) -> jax.Array:
    """Of outputs [N, B, K] against target values [B]: summed over members, averaged over the batch."""
    if config.head == "scalar":
        return losses.critic_loss(out[..., 0], target)
    wanted = histogram(config, target)
    return -(wanted * jax.nn.log_softmax(out)).sum(axis=-1).mean(axis=1).sum(axis=0)


def histogram(config: ResidualConfig, target: jax.Array) -> jax.Array:
    """HL-Gauss (Farebrother et al., 2024): a normal around each target [B] as shares [B, bins]."""
    centres = _centres(config)
    half = (centres[1] - centres[0]) / 2
    edges = np.append(centres - half, centres[-1] + half)
    cumulative = jax.scipy.stats.norm.cdf(edges, target[:, None], 2 * _SIGMA * half)
    shares = cumulative[:, 1:] - cumulative[:, :-1]
    return shares / shares.sum(axis=-1, keepdims=True)


def _centres(config: ResidualConfig) -> np.ndarray:
    low, high = config.value_min - config.potential, config.value_max
    step = (high - low) / max(1, config.bins - 1 - 2 * _MARGIN)
    middle = (high + low) / 2
    return (middle + step * (np.arange(config.bins) - (config.bins - 1) / 2)).astype(np.float32)
