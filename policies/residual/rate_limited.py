"""A tanh-squashed Gaussian over the actions that are within reach of the one before.

The action is ``centre + half * tanh(u)`` with ``u`` from a normal distribution: its support is the interval
itself, so an actor that samples from it never changes an action faster than allowed, and its log-probability
is that of what is executed. Clipping a wider sample would put a lump of probability on each edge, which no
density accounts for.

Source: Stachowicz et al., FastRLAP (2023), who limit the change of steering in the policy's distribution.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Tensor = jax.Array | np.ndarray

_LARGEST_TANH = 1.0 - 1e-6  # a float32 action nearer to an edge than this has no inverse worth having
_OUTSIDE = 1e-6  # an action this little beyond an edge is rounding


class Reach(NamedTuple):
    """The interval [..., A] that each value of the next action may be in; ``low`` below ``high``."""

    low: jax.Array
    high: jax.Array

    @property
    def centre(self) -> jax.Array:
        """The middle [..., A]."""
        return (self.low + self.high) / 2

    @property
    def half(self) -> jax.Array:
        """Half the width [..., A]."""
        return (self.high - self.low) / 2


def reach(previous: Tensor, delta: Tensor | float) -> Reach:
    """What is within ``delta`` > 0 ([A] or one for all) of the action before [..., A], and within [-1, 1].

    A delta of 2 limits nothing.
    """
    previous = jnp.clip(previous, -1.0, 1.0)
    return Reach(jnp.maximum(previous - delta, -1.0), jnp.minimum(previous + delta, 1.0))


def bounded(within: Reach, base: Tensor, bound: Tensor | float, least: float) -> Reach:
    """The part of ``within`` within ``bound`` of ``base`` [..., A], at least ``least`` wide.

    Reach comes first, for the robot cannot leave it: where the two hardly overlap, or not at all, what is
    left is that end of the reach which is nearest to the base. ``least`` is at most twice the bound, and at
    most the width of ``within``.
    """
    low = jnp.clip(base - bound, within.low, within.high - least)
    return Reach(low, jnp.clip(base + bound, within.low + least, within.high))


def mode(mean: Tensor, within: Reach) -> jax.Array:
    """The action [..., A] of the Gaussian's own mode: the median, and what to execute without exploration."""
    return _inside(within.centre + within.half * jnp.tanh(mean), within)


def sample(noise: Tensor, mean: Tensor, log_std: Tensor, within: Reach) -> tuple[jax.Array, jax.Array]:
    """An action [..., A] and the log-density of each of its values [..., A], from standard normal ``noise``.

    Both are differentiable in mean and log_std [..., A].
    """
    u = mean + jnp.exp(log_std) * noise
    action = _inside(within.centre + within.half * jnp.tanh(u), within)
    return action, _log_density(u, mean, log_std, within)


def log_prob(action: Tensor, mean: Tensor, log_std: Tensor, within: Reach) -> jax.Array:
    """Log-density [...] of an action [..., A], over the action's own units; -inf out of reach.

    On an edge, where the density falls to zero, the value is that of 1e-6 half-widths inside it: finite, with
    finite gradients. Use what `sample` returned where the action is its own, for it needs no inverse.
    """
    share = (action - within.centre) / within.half
    u = jnp.arctanh(jnp.clip(share, -_LARGEST_TANH, _LARGEST_TANH))
    reachable = (jnp.abs(share) <= 1.0 + _OUTSIDE / within.half).all(axis=-1)
    return jnp.where(reachable, _log_density(u, mean, log_std, within).sum(axis=-1), -jnp.inf)


def _log_density(u: Tensor, mean: Tensor, log_std: Tensor, within: Reach) -> jax.Array:
    gauss = -0.5 * jnp.square((u - mean) * jnp.exp(-log_std)) - log_std - 0.5 * jnp.log(2.0 * jnp.pi)
    # log(1 - tanh(u)^2) without the cancellation; by |u|, so that it is exactly even.
    size = jnp.abs(u)
    squash = 2.0 * (jnp.log(2.0) - size - jnp.log1p(jnp.exp(-2.0 * size)))
    return gauss - squash - jnp.log(within.half)


def _inside(action: jax.Array, within: Reach) -> jax.Array:
    return jnp.clip(action, within.low, within.high)  # rounding alone could leave the interval
