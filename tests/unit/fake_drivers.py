"""Fake drivers that a test's rig names: they have a Config and the FR3's limits, and no hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from robot.arms.driver import ArmTarget, HardLimits
from robot.core.errors import DeviceLost
from robot.core.se3 import transform
from robot.core.types import RobotState
from tests.unit import safety_cases
from tests.unit.safety_cases import DOWN, MIDDLE


class FakeArm:
    """An arm that is only asked for its limits."""

    @dataclass(frozen=True)
    class Config:
        """Where it is."""

        host: str
        port: int = 1337

    def __init__(self, arm: str, config: Config) -> None:
        self.arm, self.config = arm, config

    @property
    def hard_limits(self) -> HardLimits:
        """The FR3's."""
        low = (-2.75, -1.792, -2.907, -3.048, -2.81, 0.541, -3.02)
        high = (2.75, 1.792, 2.907, -0.146, 2.81, 4.521, 3.02)
        speed = (2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26)
        return HardLimits(3.0, 9.0, 4500.0, 2.5, 17.0, 8500.0, low, high, speed)


class FakeCamera:
    """A camera that is only made."""

    @dataclass(frozen=True)
    class Config:
        """Which one it is."""

        serial: str

    def __init__(self, camera: str, config: Config) -> None:
        self.camera, self.config = camera, config


class FakeHand:
    """A hand device that is only made."""

    @dataclass(frozen=True)
    class Config:
        """Nothing to set."""

    def __init__(self, config: Config) -> None:
        self.config = config


class FakeFollower:
    """An arm that is at every target at once. The test sets its clock, its trouble and what it measures."""

    Config: ClassVar[type[Any]] = FakeArm.Config

    def __init__(self, arm: str = "arm") -> None:
        self.arm, self.now_ns = arm, 0
        self.T_base_tcp = transform(DOWN, MIDDLE)
        self.measured: dict[str, Any] = {}  # instead of what an arm at rest measures
        self.unplugged = self.reflex = ""  # why
        self.sent: list[ArmTarget] = []
        self.recoveries = 0

    @property
    def hard_limits(self) -> HardLimits:
        """The FR3's."""
        return FakeArm(self.arm, FakeArm.Config("nowhere")).hard_limits

    def connect(self) -> None:
        """It is always there."""

    def state(self) -> RobotState:
        """At rest at the last target."""
        self._answer()
        return safety_cases.arm(self.now_ns, self.T_base_tcp, **{"arm": self.arm, **self.measured})

    def send(self, target: ArmTarget) -> None:
        """It is there."""
        self._answer()
        self.sent.append(target)
        if not self.reflex:
            self.T_base_tcp = target.T_base_tcp

    def fault(self) -> str:
        """What the test has set."""
        return self.reflex

    def recover(self) -> None:
        """Plugged in again, and without the reflex."""
        self.recoveries += 1
        self.unplugged = self.reflex = ""

    def close(self) -> None:
        """Nothing is open."""

    def _answer(self) -> None:
        if self.unplugged:
            raise DeviceLost(self.unplugged)
