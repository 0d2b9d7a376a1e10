"""A foreign task as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.foreign.environment import Environment
from robot.core.types import Array


class Expert(Protocol):
    """A script that does the task once."""

    def act(self, state: Array) -> Array:
        """The action [A] in [-1, 1] at a state [S]."""
        ...


@dataclass(frozen=True)
class ForeignTask:
    """One environment somebody else wrote, and a script that can do it."""

    name: str
    make: Callable[[], Environment]
    expert: Callable[[np.random.Generator], Expert]  # a new one for each episode, with its noise
    package: str  # whose version belongs in the results
    time_limit: int  # control steps
    gripper_last: bool = True  # the last action is a gripper command: -1, 0 or 1 in demonstrations
