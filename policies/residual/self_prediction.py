"""An auxiliary loss: tell the embedding n steps on from the embedding now and the actions in between.

Source: SPR (Schwarzer et al., 2021) and the latent losses of MR.Q and DR.Q, over the cached trunk features.
"""

from __future__ import annotations

import flax.linen as nn
import jax
import jax.numpy as jnp

from policies.residual import losses


class Predictor(nn.Module):
    """Embedding [B, E] and the executed actions [B, n, A] -> the embedding [B, E] after them."""

    @nn.compact
    def __call__(self, embedding: jax.Array, actions: jax.Array) -> jax.Array:
        size = embedding.shape[-1]
        x = jnp.concatenate([embedding, actions.reshape(len(actions), -1)], axis=-1)
        x = nn.relu(nn.LayerNorm()(nn.Dense(2 * size)(x)))
        return embedding + nn.Dense(size)(x)


def prediction_loss(predicted: jax.Array, target: jax.Array, whole: losses.Tensor) -> jax.Array:
    """One minus the cosine [] between prediction and target [B, E], over samples that span all n steps."""
    cosine = (_unit(predicted) * _unit(jax.lax.stop_gradient(target))).sum(axis=-1)
    return jnp.where(whole.any(), jnp.nan_to_num(losses.masked_mean(1.0 - cosine, whole)), 0.0)


def _unit(x: jax.Array) -> jax.Array:
    return x / jnp.maximum(jnp.linalg.norm(x, axis=-1, keepdims=True), 1e-6)
