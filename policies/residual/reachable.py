"""Base + residual under a limit on how fast an action may change.

An action may be anywhere that three things allow: [-1, 1], the residual's bound around the base, and the rate
around the action executed before. The last of them comes first: where the base has jumped away, what is left
is a small interval at the end of the reach that is nearest to the base, so that there is a density even then.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from policies.residual.config import ResidualConfig
from policies.residual.losses import Tensor
from policies.residual.networks import Residual
from policies.residual.rate_limited import Reach, bounded, mode, reach, sample

_LEAST_SHARE = 0.1  # the narrowest interval, of the smaller of rate and bound
_NEAREST = 0.9  # how far towards an end of its interval an untrained actor goes, in half-widths


def allowed(config: ResidualConfig, base: Tensor, previous: Tensor) -> Reach:
    """The interval [B, A] of each value of the action that may follow ``previous`` [B, A]."""
    rate, bound = config.action_rate, config.residual_scale
    return bounded(reach(previous, rate), base, bound, _LEAST_SHARE * min(rate, bound))


def choose(raw: Residual, base: Tensor, within: Reach, noise: Tensor | None) -> tuple[jax.Array, jax.Array]:
    """The action [B, A] in ``within``, and each value's log-density; without ``noise`` the mode and zeros.

    Where the actor's output is zero, the action is the base's, or as near to it as the tanh has a slope.
    """
    share = (base - within.centre) / within.half
    mean = raw.mean + jnp.arctanh(jnp.clip(share, -_NEAREST, _NEAREST))
    if noise is None:
        return mode(mean, within), jnp.zeros_like(mean)
    return sample(noise, mean, jnp.log(raw.std), within)
