"""What both contestants are to the loop that trains them."""

from __future__ import annotations

from typing import Protocol

from benchmarks.foreign.environment import Transition
from robot.core.types import Array


class Learner(Protocol):
    """Learns off-policy from demonstrations and its own steps."""

    settings: dict[str, object]  # what it ran with, for the results

    def act(self, state: Array, explore: bool) -> Array:
        """The action [A] in [-1, 1] at a state [S]; the same each time unless it explores."""
        ...

    def record(self, transition: Transition) -> None:
        """Take in one step of practice."""
        ...

    def update(self) -> None:
        """Learn what one step of practice allows."""
        ...
