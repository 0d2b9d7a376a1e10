"""What the learner samples: transitions as whole arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from robot.core.types import Array, Arrays


class Batch(NamedTuple):
    """K batches of B transitions over n control steps; a NamedTuple, so jax takes it as it is.

    ``reward`` is the discounted sum over the n steps (fewer at an episode's end, or where a person or a
    plan takes over from the policy) and ``discount`` what is left for the bootstrap: gamma^n, or 0 after a
    terminal step; a time limit bootstraps.
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
    previous_action: Array  # [K, B, A] executed before ``state``; zeros at an episode's start
    next_previous_action: Array  # [K, B, A] executed before ``next_state``
    actions: Array  # [K, B, n, A] executed in each of the n steps; zeros in those that are missing
    base_actions: Array  # [K, B, n, A] the base's at each; the last one known where the episode stops before
    next_base_actions: Array  # [K, B, n, A] the same from the next observation on
    present: np.ndarray  # [K, B, n] bool: the step is there; the first one always is
    # [K, B, n, A] bool: may be imitated, as a person's (see taught.py), a demonstration's, or a keypoint
    # plan's in an episode that succeeded
    shown: np.ndarray
    is_expert: np.ndarray  # [K, B] bool: drawn from the demonstration and intervention half
    potential: Array  # [K, B] what a shaping takes from the value of ``state``; 0 without one

    @property
    def whole(self) -> np.ndarray:
        """[K, B] bool: all n steps are there, so the next observation is n steps on."""
        return self.present[..., -1]
