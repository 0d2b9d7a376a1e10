"""Fake drivers that a test's rig names: they have a Config and the FR3's limits, and no hardware."""

from __future__ import annotations

from dataclasses import dataclass

from robot.arms.driver import HardLimits


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
