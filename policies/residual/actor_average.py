"""The actor that acts where nothing is to be tried out: the average over the latest updates.

An off-policy actor wanders: by the critics each policy is about as good as the next, yet some fail on starts
that their neighbours solve. Their average does not (Polyak and Juditsky, 1992; of networks, Izmailov et al.,
2018). The newest one still explores: what the critics overrate must be tried to be corrected.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from policies.residual.config import ResidualConfig

_SHARE = 0.4  # of all updates so far: early policies are outgrown


def averaged(config: ResidualConfig, average: Any, actor: Any, critic_steps: jax.Array) -> Any:
    """The average with one more update's parameters in it.

    An exponential one over ``actor_average`` updates, or over 0.4 of the updates so far if that is less.
    """
    updates = critic_steps / config.critics_per_actor
    weight = 1.0 / jnp.clip(_SHARE * updates, 1.0, config.actor_average)
    return jax.tree.map(lambda old, new: (1.0 - weight) * old + weight * new, average, actor)
