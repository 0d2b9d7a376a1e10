"""What a teleop device is: something that can be read once a control step."""

from __future__ import annotations

from typing import Protocol

from robot.core.types import EpisodeStart, TeleopCommand, Truth


class TeleopDevice(Protocol):
    """A SpaceMouse, a gamepad, a keyboard, or the simulated operator."""

    def read(self, stamp_ns: int) -> TeleopCommand:
        """The reading for the control step at ``stamp_ns``; never blocks."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class SimulatedOperator(TeleopDevice, Protocol):
    """PRIVILEGED: an operator in the twin, who sees its truth."""

    def begin(self, start: EpisodeStart) -> None:
        """An episode begins."""
        ...

    def see(self, truth: Truth) -> None:
        """What a person at the cell would see."""
        ...
