"""What a decision starts from, on the robot and in the learner."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from policies.replay.batch import Batch
from policies.residual.config import ResidualConfig
from policies.residual.losses import Tensor
from policies.residual.observation import Features, Statistics


class Situation(NamedTuple):
    """B observations with what the base wants there, and where its rate is limited, the action before."""

    state: Tensor  # [B, S] normalised
    features: Features  # camera -> [B, h, w, c]
    base: Tensor  # [B, A]
    previous: Tensor | None  # [B, A] executed before, whoever decided it; None: any action may follow

    @property
    def context(self) -> Tensor:
        """What actor and critics see beside the observation [B, C].

        Under a rate limit the same action leads on to different ones, so the action before is part of it.
        """
        if self.previous is None:
            return self.base
        return jnp.concatenate([self.base, self.previous], axis=-1)


def context_size(config: ResidualConfig, action_size: int) -> int:
    """C of `Situation.context`."""
    return action_size * (2 if config.limits_rate else 1)


def now(config: ResidualConfig, statistics: Statistics, batch: Batch) -> Situation:
    """Where the samples begin."""
    previous = batch.previous_action if config.limits_rate else None
    return Situation(statistics.normalise(batch.state), batch.features, batch.base_action, previous)


def then(config: ResidualConfig, statistics: Statistics, batch: Batch) -> Situation:
    """Where the samples lead."""
    previous = batch.next_previous_action if config.limits_rate else None
    state: jax.Array = statistics.normalise(batch.next_state)
    return Situation(state, batch.next_features, batch.next_base_action, previous)
