"""Mean and spread of the demonstrations' states, for both learners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.foreign.environment import Transition
from robot.core.types import Array


def state_statistics(demonstrations: Sequence[Transition]) -> tuple[Array, Array]:
    """Mean [S] and standard deviation [S], at least 0.01 as in `policies.learner`."""
    states = np.stack([t.state for t in demonstrations])
    return states.mean(0), np.maximum(states.std(0), 0.01).astype(np.float32)
