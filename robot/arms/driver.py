"""What every arm driver offers the safety layer above it: the newest state in, a target pose out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from robot.core.types import Array, RobotState


@dataclass(frozen=True)
class ArmTarget:
    """Where the tool shall be one guard period from now, and how fast it then moves, in the base frame.

    Poses on the way are the driver's business; it never moves further than this one. A driver whose
    controller takes poses uses the pose, one whose controller takes velocities uses the twist.
    """

    stamp_ns: int
    T_base_tcp: NDArray[np.float64]  # [4, 4]
    twist: Array  # [6] m/s, rad/s
    gripper_width_m: float | None = None  # None leaves the gripper alone


@dataclass(frozen=True)
class HardLimits:
    """What the vendor's controller refuses to exceed; a rig's limits stay inside. inf where unpublished."""

    speed_mps: float
    acceleration_mps2: float
    jerk_mps3: float
    turn_speed_radps: float
    turn_acceleration_radps2: float
    turn_jerk_radps3: float
    joint_low_rad: tuple[float, ...]
    joint_high_rad: tuple[float, ...]
    joint_speed_radps: tuple[float, ...]


class ArmDriver(Protocol):
    """One arm. Construction touches no hardware; nothing after `connect` blocks longer than a millisecond.

    A driver is made as ``Driver(arm_name, Config)``; `Config` is a frozen dataclass beside it, which can be
    imported without the vendor's SDK.
    """

    Config: ClassVar[type[Any]]
    arm: str

    @property
    def hard_limits(self) -> HardLimits:
        """The vendor's limits for this arm."""
        ...

    def connect(self) -> None:
        """Find the arm and be ready; it does not move. DeviceError says what is wrong and what to do."""
        ...

    def state(self) -> RobotState:
        """The newest measurement, stamped when it was made; DeviceLost if the connection is gone."""
        ...

    def send(self, target: ArmTarget) -> None:
        """Go there. Ignored while `fault` is not empty; DeviceLost if the connection is gone."""
        ...

    def fault(self) -> str:
        """Empty, or the reflex or stop that the vendor's controller reports; it stays until `recover`."""
        ...

    def recover(self) -> None:
        """A person has looked: clear the fault, or connect again. Never called by a loop."""
        ...

    def close(self) -> None:
        """Stop where the arm is and give the connection back; safe to call twice."""
        ...
