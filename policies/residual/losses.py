"""The learning rule as pure functions of arrays."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

Tensor = jax.Array | np.ndarray


def target_action(base: Tensor, residual: Tensor, noise: Tensor, noise_clip: float) -> jax.Array:
    """The smoothed next action [B, A] (TD3, Fujimoto et al., 2018): base + residual + clipped noise."""
    return jnp.clip(base + residual + jnp.clip(noise, -noise_clip, noise_clip), -1.0, 1.0)


def td_target(
    reward: Tensor, discount: Tensor, q_next: Tensor, low: Tensor | float, high: Tensor | float
) -> jax.Array:
    """The n-step target [B], clipped to the values [B] that the reward allows; ``q_next`` [N, B].

    ``discount`` is gamma^n, or 0 after a terminal step. The minimum over the N members is REDQ's
    (Chen et al., 2021).
    """
    target = reward + discount * q_next.min(axis=0)
    return jax.lax.stop_gradient(jnp.clip(target, low, high))


def critic_loss(q: Tensor, target: Tensor) -> jax.Array:
    """Squared error of ``q`` [N, B] against ``target`` [B]: the sum over members of each one's batch mean.

    A sum, so that the size of the ensemble does not change how fast a member learns.
    """
    return ((q - target) ** 2).mean(axis=1).sum(axis=0)


def gripper_target(
    reward: Tensor, discount: Tensor, online: Tensor, target: Tensor, low: Tensor, high: Tensor
) -> jax.Array:
    """Double Q-learning (van Hasselt et al., 2016) [B, G]: ``online`` [B, G, 3] chooses, ``target`` rates."""
    best = jnp.asarray(online).argmax(axis=-1)[..., None]
    value = jnp.take_along_axis(jnp.asarray(target), best, axis=-1)[..., 0]
    wanted = reward[:, None] + discount[:, None] * value
    return jax.lax.stop_gradient(jnp.clip(wanted, low[:, None], high[:, None]))


def gripper_loss(q: Tensor, executed: Tensor, target: Tensor) -> jax.Array:
    """Mean squared error of the executed classes' values: ``q`` [B, G, 3], ``executed`` [B, G] in [-1, 1].

    A command within 0.5 of a class counts as that class.
    """
    taken = jnp.round(executed).astype(jnp.int32)[..., None] + 1
    return ((jnp.take_along_axis(jnp.asarray(q), taken, axis=-1)[..., 0] - target) ** 2).mean()


def q_loss(q: Tensor) -> jax.Array:
    """Minus the mean of ``q`` [N, B] over its mean size (TD3+BC, Fujimoto and Gu, 2021).

    The division makes the BC weight mean the same early, when values are near 0, and late.
    """
    size = jax.lax.stop_gradient(jnp.abs(q.mean(axis=0)).mean())
    return -q.mean() / jnp.maximum(size, 1e-3)


def entropy_loss(q: Tensor, log_density: Tensor, temperature: Tensor) -> jax.Array:
    """SAC's actor loss []: temperature x log-density [B] - the ensemble mean of ``q`` [N, B]."""
    return (jax.lax.stop_gradient(temperature) * log_density - q.mean(axis=0)).mean()


def temperature_loss(log_temperature: Tensor, log_density: Tensor, target_entropy: float) -> jax.Array:
    """SAC's: rises while the entropy is below its target."""
    lacking = jax.lax.stop_gradient(log_density + target_entropy).mean()
    return -jnp.exp(log_temperature) * lacking


def bc_loss(residual: Tensor, action: Tensor, base: Tensor, mask: Tensor, bound: float) -> jax.Array:
    """Mean squared distance [] from the residual to what was shown, over the masked values; 0 if none.

    That correction is clipped to the bound: the actor cannot follow further.
    """
    wanted = jnp.clip(action - base, -bound, bound)
    return jnp.sum((residual - wanted) ** 2 * mask) / jnp.maximum(mask.sum(), 1.0)


def worth_following(q_person: Tensor, q_actor: Tensor) -> jax.Array:
    """Where [B] the ensemble's mean rates a shown action above the actor's own; values [N, B].

    The Q-filter of Nair et al., "Overcoming exploration in RL with demonstrations" (2018):
    imitation ends where the actor has become the better one, and nowhere else.
    """
    better = jnp.asarray(q_person).mean(axis=0) > jnp.asarray(q_actor).mean(axis=0)
    return jax.lax.stop_gradient(better)


def masked_mean(values: Tensor, mask: Tensor) -> jax.Array:
    """Mean of ``values`` [B] where ``mask`` [B] is set; nan if nowhere, for there is then no such number."""
    mask = mask.astype(values.dtype)
    return jnp.sum(values * mask) / mask.sum()
