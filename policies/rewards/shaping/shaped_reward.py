"""Potential-based shaping: what is added to the sparse reward, step by step or n steps at once.

F = gamma Phi(s') - Phi(s) leaves every optimal policy optimal (Ng, Harada and Russell 1999), also when Phi
itself changes with time, as long as each Phi is taken at its own time: F = gamma Phi(s', t+1) - Phi(s, t)
(Devlin and Kudenko 2012). So a new plan, a new confidence and an alarm may all change Phi between
two steps; what must never happen is that a state's Phi is computed anew after its step has been paid.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.errors import SpecMismatch

Number = TypeVar("Number", float, NDArray[np.floating[Any]])


def telescoped(phi: Number, phi_ahead: Number, discount: Number) -> Number:
    """The shaping of one or n steps from the two ends alone; scalars or arrays of one shape.

    Args:
        phi: of the state the steps start from.
        phi_ahead: of the state they end in, which the learner bootstraps from.
        discount: what is left for that bootstrap, as `Batch.discount` has it: gamma^n, and 0 where nothing
            is bootstrapped (a terminal step, or a takeover that counts as a failure), so Phi is 0 there too.
    """
    return discount * phi_ahead - phi


def episode_shaping(phi: ArrayLike, terminated: bool, discount: float) -> NDArray[np.float64]:
    """The shaping rewards [T] of a stored episode from the potentials [T+1] of its observations.

    Raises:
        SpecMismatch: fewer than two observations, or a Phi that is not finite.
    """
    values = np.array(phi, np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise SpecMismatch(f"potentials have shape {values.shape}, want finite [T + 1], T at least 1 step")
    if terminated:
        values[-1] = 0.0
    return discount * values[1:] - values[:-1]
