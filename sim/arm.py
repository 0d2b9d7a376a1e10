"""The twin's arm as an arm driver: what is above it cannot tell it from a real one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar, Literal

from robot.arms.driver import ArmTarget, HardLimits
from robot.core.errors import DeviceLost
from robot.core.types import RobotState
from sim.arm_body import Gains
from sim.impedance import ImpedanceGains
from sim.operational_space import MotionGains
from sim.scenes import SCENES
from sim.twin import Twin

_PERIOD_S = 0.01  # a reference is followed for as long, then the world waits for the next


@dataclass(frozen=True)
class TwinArmConfig:
    """What drives the arm; and what stands on its table when it is used alone, as `nudge jog` does."""

    scene: str = "peg_insert"
    controller: Literal["impedance", "motion"] = "impedance"  # compliant, or stiff for fast motions

    @property
    def gains(self) -> Gains:
        """Of the law that drives the arm."""
        return MotionGains() if self.controller == "motion" else ImpedanceGains()


class TwinArm:
    """Each reference moves physics on by one guard period, once the world's other arms have theirs too.

    Used alone, it stamps with the wall clock.
    """

    Config: ClassVar[type[TwinArmConfig]] = TwinArmConfig

    def __init__(self, arm: str, config: TwinArmConfig | None = None, world: Twin | None = None) -> None:
        self.arm, self._config, self._world = arm, config or TwinArmConfig(), world
        self._wall_clock = world is None
        self.plugged_in = True  # pulled by the cell's faults
        self.episode_id = -1

    @property
    def hard_limits(self) -> HardLimits:
        """The modelled arm's: joints and torques are the FR3's, its tool may go as fast as they allow."""
        from robot.arms.franka_limits import FR3

        return FR3

    def connect(self) -> None:
        """Make the world, unless the cell gave one."""
        if self._world is None:
            scene = SCENES.load(self._config.scene)()
            self._world = Twin(scene, arms=(self.arm,), gains={self.arm: self._config.gains})
            self._world.reset(0)
            self._world.stamp_ns = time.time_ns()

    def state(self) -> RobotState:
        """The measurement now; DeviceLost while a fault has the plug."""
        return self._plugged().state(self.episode_id, self.arm)

    def send(self, target: ArmTarget) -> None:
        """Follow the reference for one guard period, which begins when every arm of the world has its own."""
        world = self._plugged()
        world.advance(target.T_base_tcp, _PERIOD_S, target.gripper_width_m, self.arm)
        if self._wall_clock:
            world.stamp_ns = time.time_ns()

    def rest(self) -> None:
        """Time goes on and nobody commands: the controller holds the last reference."""
        assert self._world is not None
        self._world.rest(_PERIOD_S)

    def fault(self) -> str:
        """The twin's controller has no reflexes of its own."""
        return ""

    def recover(self) -> None:
        """Nothing to recover."""

    def close(self) -> None:
        """Forget the world."""
        self._world = None

    def _plugged(self) -> Twin:
        if self._world is None or not self.plugged_in:
            raise DeviceLost(f"arm {self.arm!r}: the twin's connection is gone; it comes back by itself")
        return self._world
