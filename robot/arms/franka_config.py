"""What the `franka` driver must know about one arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class FrankaConfig:
    """One arm with its control unit.

    The tool (`F_T_EE`, mass) is what Desk has. The loop pulls the tool towards the target as a spring does,
    and never further than `leash_*`, so a held arm pulls with about stiffness x leash.

    Raises:
        ConfigError: every value that cannot be.
    """

    host: str  # of the control unit, shop floor network
    robot: Literal["fr3", "panda"] = "fr3"
    realtime: Literal["enforce", "ignore"] = "enforce"  # "ignore" only for a simulator
    stiffness: tuple[float, ...] = (750.0, 750.0, 750.0, 15.0, 15.0, 15.0)  # N/m, Nm/rad
    leash_m: float = 0.025  # the spring is never longer, so that a held arm pulls with some 40 N at most
    leash_rad: float = 0.15
    torque_limits_nm: tuple[float, ...] = (40.0, 40.0, 40.0, 40.0, 10.0, 10.0, 10.0)
    collision_torques_nm: tuple[float, ...] = (40.0,) * 7  # above these the control unit stops by itself
    collision_wrench: tuple[float, ...] = (60.0, 60.0, 60.0, 40.0, 40.0, 40.0)  # N, Nm
    use_gripper: bool = True
    gripper_speed_mps: float = 0.1
    gripper_force_n: float = 20.0

    def __post_init__(self) -> None:
        lengths = {"stiffness": 6, "torque_limits_nm": 7, "collision_torques_nm": 7, "collision_wrench": 6}
        problems = [
            f"{name}: got {getattr(self, name)}, want {n} positive numbers"
            for name, n in lengths.items()
            if len(getattr(self, name)) != n or not min(getattr(self, name)) > 0
        ]
        for name in ("leash_m", "leash_rad", "gripper_speed_mps", "gripper_force_n"):
            if not getattr(self, name) > 0:
                problems.append(f"{name}: got {getattr(self, name)}, want a positive number")
        if problems:
            raise ConfigError(problems, "options of the arm driver 'franka'")
