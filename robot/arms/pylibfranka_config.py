"""Options of the arm driver `pylibfranka`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from robot.arms.franka_limits import FR3
from robot.arms.pylibfranka_law import Impedance
from robot.arms.pylibfranka_loop import LoopOptions
from robot.arms.pylibfranka_reference import ReferenceLimits
from robot.core.errors import ConfigError


@dataclass(frozen=True)
class PylibfrankaConfig:
    """Options of the rig, named as `franka`'s where they mean the same.

    Raises:
        ConfigError: every value that cannot be, or that the FR3 would refuse.
    """

    host: str  # of the control unit, shop floor network
    realtime: Literal["enforce", "ignore"] = "enforce"  # "ignore" only for a simulator
    collision_torques_nm: tuple[float, ...] = (40.0,) * 7  # above these the control unit stops by itself
    collision_wrench: tuple[float, ...] = (60.0, 60.0, 60.0, 40.0, 40.0, 40.0)  # N, Nm
    use_gripper: bool = True
    gripper_speed_mps: float = 0.1
    gripper_force_n: float = 20.0
    stiffness_n_per_m: float = 2000.0
    damping_ns_per_m: float = 89.0
    turn_stiffness_nm_per_rad: float = 150.0
    turn_damping_nms_per_rad: float = 10.0
    spring_limit_m: float = 0.01
    spring_limit_rad: float = 0.1
    speed_mps: float = 0.5  # of the reference, whatever is asked for
    acceleration_mps2: float = 8.0
    turn_speed_radps: float = 1.5
    turn_acceleration_radps2: float = 15.0
    smoothing_s: float = 0.006
    timeout_s: float = 0.25  # without a state for so long, the arm is lost

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems, "pylibfranka options")

    def _problems(self) -> Iterator[str]:
        for name, value in vars(self).items():
            if isinstance(value, float) and not 0 < value < 1e5:
                yield f"{name}: got {value}, want a positive finite number"
        for name, n in {"collision_torques_nm": 7, "collision_wrench": 6}.items():
            if len(getattr(self, name)) != n or not min(getattr(self, name)) > 0:
                yield f"{name}: got {getattr(self, name)}, want {n} positive numbers"
        pairs = {"speed_mps": FR3.speed_mps, "acceleration_mps2": FR3.acceleration_mps2}
        pairs |= {"turn_speed_radps": FR3.turn_speed_radps}
        pairs |= {"turn_acceleration_radps2": FR3.turn_acceleration_radps2}
        for name, most in pairs.items():
            if getattr(self, name) > most:
                yield f"{name}: got {getattr(self, name)}, want at most the FR3's {most}"
        if self.smoothing_s > 0 and self.acceleration_mps2 / self.smoothing_s > FR3.jerk_mps3:
            jerk = self.acceleration_mps2 / self.smoothing_s
            yield f"acceleration_mps2 / smoothing_s: got {jerk:.0f} m/s3, want at most {FR3.jerk_mps3:g}"

    def for_loop(self) -> LoopOptions:
        """What the 1 kHz process needs."""
        picked = {c: {n: getattr(self, n) for n in c.__annotations__} for c in (Impedance, ReferenceLimits)}
        return LoopOptions(
            host=self.host,
            realtime=self.realtime == "enforce",
            collision_torques_nm=self.collision_torques_nm,
            collision_wrench=self.collision_wrench,
            impedance=Impedance(**picked[Impedance]),
            reference=ReferenceLimits(**picked[ReferenceLimits]),
        )
