"""What the learner samples: transitions as whole arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robot.core.types import Array, Arrays


class Batch(NamedTuple):
    """B transitions over n control steps; a NamedTuple, so jax takes it as it is.

    ``reward`` is the discounted sum over the n steps (fewer at an episode's end) and ``discount`` what is
    left for the bootstrap: gamma^n, or 0 after a terminal step; a time limit bootstraps.
    """

    state: Array  # [B, S]
    features: Arrays  # camera -> [B, h, w, c] float16; empty for a state-only rig
    base_action: Array  # [B, A]
    action: Array  # [B, A] executed
    reward: Array  # [B]
    discount: Array  # [B]
    next_state: Array  # [B, S]
    next_features: Arrays  # camera -> [B, h, w, c] float16
    next_base_action: Array  # [B, A]
    is_human: np.ndarray  # [B] bool: a person decided the executed action
    is_expert: np.ndarray  # [B] bool: drawn from the demonstration and intervention half
