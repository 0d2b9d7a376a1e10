"""What the learner samples: transitions as whole arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robot.core.types import Array, Arrays


class Batch(NamedTuple):
    """K batches of B transitions over n control steps; a NamedTuple, so jax takes it as it is.

    ``reward`` is the discounted sum over the n steps (fewer at an episode's end) and ``discount`` what is
    left for the bootstrap: gamma^n, or 0 after a terminal step; a time limit bootstraps.
    """

    state: Array  # [K, B, S]
    features: Arrays  # camera -> [K, B, h, w, c] float16; empty for a state-only rig
    base_action: Array  # [K, B, A]
    action: Array  # [K, B, A] executed
    reward: Array  # [K, B]
    discount: Array  # [K, B]
    next_state: Array  # [K, B, S]
    next_features: Arrays  # camera -> [K, B, h, w, c] float16
    next_base_action: Array  # [K, B, A]
    actions: Array  # [K, B, n, A] executed in each of the n steps; zeros after an episode's end
    whole: np.ndarray  # [K, B] bool: all n steps are there, so the next observation is n steps on
    is_human: np.ndarray  # [K, B] bool: a person decided the executed action
    is_expert: np.ndarray  # [K, B] bool: drawn from the demonstration and intervention half
