"""What a teleop device is: something that can be read once a control step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from robot.core.types import Array, EpisodeStart, Key, TeleopCommand, Truth


@dataclass(frozen=True)
class Reading:
    """What the hands do now, in the device's own axes: `teleop/mapping.py` makes a TeleopCommand of it."""

    axes: Array  # [6] in [-1, 1], linear first; x forward, y left, z up for whoever holds the device
    engaged: bool  # the dead-man is held
    gripper: float = 0.0  # > 0 open, < 0 close, 0 leave
    keys: tuple[Key, ...] = ()  # pressed since the last reading, each once
    key_stamps_ns: tuple[int, ...] = ()  # when each of `keys` was pressed, Unix time


class TeleopDevice(Protocol):
    """A SpaceMouse, a gamepad, a keyboard, a leader arm. Made as ``Device(Config)``; opens nothing yet.

    `Config` is a frozen dataclass beside the device, which can be imported without the SDK.
    """

    Config: ClassVar[type[Any]]

    def connect(self) -> None:
        """Open the device; DeviceError says what is wrong and what to do."""
        ...

    def read(self) -> Reading:
        """The newest reading, never blocks; DeviceLost once it is unplugged (`connect` may follow)."""
        ...

    def close(self) -> None:
        """Give the device back; safe to call twice."""
        ...


class SimulatedOperator(Protocol):
    """PRIVILEGED: an operator in the twin, who sees its truth."""

    def begin(self, start: EpisodeStart) -> None:
        """An episode begins."""
        ...

    def see(self, truth: Truth) -> None:
        """What a person at the cell would see."""
        ...

    def read(self, stamp_ns: int) -> TeleopCommand:
        """The reading for the control step at ``stamp_ns``."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...
