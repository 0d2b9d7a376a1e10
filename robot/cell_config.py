"""How the twin's cell behaves; here, and not in `sim`, so that reading settings needs no MuJoCo."""

from __future__ import annotations

from dataclasses import dataclass, field

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class TwinConfig:
    """How imperfect the cell is; delay and noise of zero is the ideal one."""

    control_period_s: float = 0.1  # the task's, when a task makes the twin
    command_delay_ms: int = 0  # a reference reaches the controller this late, at most one period
    wrench_noise_n: float = 0.2  # standard deviation; torque gets a tenth of it in Nm
    image_noise: float = 0.0  # standard deviation in grey levels
    reference_leash_m: float = 0.02  # the reference never runs further ahead of the tool
    reference_leash_rad: float = 0.2

    def __post_init__(self) -> None:
        period_ms = self.control_period_s * 1000
        checks = {
            f"command_delay_ms: got {self.command_delay_ms}, want 0 to {period_ms:g} ms": 0
            <= self.command_delay_ms
            <= period_ms,
            f"wrench_noise_n: got {self.wrench_noise_n}, want 0 N or more": self.wrench_noise_n >= 0,
            f"image_noise: got {self.image_noise}, want 0 grey levels or more": self.image_noise >= 0,
        }
        problems = [text for text, good in checks.items() if not good]
        if problems:
            raise ConfigError(problems, "twin")


@dataclass(frozen=True)
class CellConfig:
    """``realtime`` keeps the control period by the wall clock and holds when no command comes in time."""

    realtime: bool = False
    twin: TwinConfig = field(default_factory=TwinConfig)
