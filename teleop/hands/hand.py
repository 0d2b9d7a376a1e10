"""What every kind of simulated hands offers the operator they belong to."""

from __future__ import annotations

from typing import Protocol

from robot.core.types import Array, Truth


class Hand(Protocol):
    """PRIVILEGED: one arm's hands in the twin. Made as ``Kind(arm, task, config)``, of `OperatorConfig`."""

    def begin(self, seed: int) -> None:
        """Forget the last episode; whatever is human about the hands is drawn from ``seed``."""
        ...

    def see(self, truth: Truth) -> None:
        """Follow the scene, once a control step, whoever drives."""
        ...

    def needed(self, truth: Truth) -> bool:
        """Whether a supervising person would drive in this control step; asked once in each."""
        ...

    def deflection(self, truth: Truth) -> tuple[Array, float]:
        """Axes [6] in [-1, 1] in the tool's frame and gripper command that a person would give now."""
        ...
