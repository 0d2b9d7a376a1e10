"""How the twin's cell behaves; here, and not in `sim`, so that reading settings needs no MuJoCo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from robot.core.errors import ConfigError

Randomize = Literal["off", "train", "held_out"]
_LONGEST_DELAY_MS = 100


@dataclass(frozen=True)
class Fault:
    """A device that the twin loses for a while: what a pulled plug looks like to the rest of the graph."""

    device: str  # "camera/wrist", "arm/arm", "teleop/arm"
    episode: int  # counted from the cell's first reset
    from_s: float  # since that reset
    for_s: float


@dataclass(frozen=True)
class TwinConfig:
    """How imperfect the cell is; delay and noise of zero is the ideal one.

    ``randomize`` draws looks, cameras, friction, and more delay and noise, anew for every episode, from the
    ranges in `sim.randomize`; those of ``held_out`` are never met in ``train``.
    """

    randomize: Randomize = "off"
    command_delay_ms: int = 0  # a reference reaches the controller this late
    wrench_noise_n: float = 0.2  # standard deviation; torque gets a tenth of it in Nm
    image_noise: float = 0.0  # standard deviation in grey levels
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        checks = {
            f"command_delay_ms: got {self.command_delay_ms}, want 0 to {_LONGEST_DELAY_MS} ms": 0
            <= self.command_delay_ms
            <= _LONGEST_DELAY_MS,
            f"wrench_noise_n: got {self.wrench_noise_n}, want 0 N or more": self.wrench_noise_n >= 0,
            f"image_noise: got {self.image_noise}, want 0 grey levels or more": self.image_noise >= 0,
        }
        problems = [text for text, good in checks.items() if not good]
        problems += [p for i, f in enumerate(self.faults) for p in _fault_problems(i, f)]
        if problems:
            raise ConfigError(problems, "twin")


@dataclass(frozen=True)
class CellConfig:
    """``realtime`` keeps the control period by the wall clock and holds when no command comes in time."""

    realtime: bool = False
    twin: TwinConfig = field(default_factory=TwinConfig)


def _fault_problems(index: int, fault: Fault) -> list[str]:
    kind, _, name = fault.device.partition("/")
    problems = []
    if kind not in ("camera", "arm", "teleop") or not name:
        problems.append(f"faults[{index}].device: got {fault.device!r}, want camera/, arm/ or teleop/ NAME")
    if fault.from_s < 0 or fault.for_s <= 0:
        problems.append(
            f"faults[{index}]: got {fault.for_s} s from {fault.from_s} s, want a time that exists"
        )
    return problems
