"""The safety limits of one arm: all from the rig file, in SI units, none with a default."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

from robot.core.errors import ConfigError

Point = tuple[float, float, float]


@dataclass(frozen=True)
class SafetyLimits:
    """What `robot.safety` keeps an arm within. Poses, speeds: the reference's, of the tool centre point.

    Raises:
        ConfigError: every limit that is not a positive finite number, or not in order.
    """

    workspace_low_m: Point  # a box in the base frame
    workspace_high_m: Point
    tool_axis: Point  # where tool z points when the tool is upright, base frame
    tilt_rad: float  # between tool z and `tool_axis`
    speed_mps: float
    acceleration_mps2: float
    jerk_mps3: float
    turn_speed_radps: float
    turn_acceleration_radps2: float
    turn_jerk_radps3: float
    joint_low_rad: tuple[float, ...]
    joint_high_rad: tuple[float, ...]
    joint_margin_rad: float  # kept free at both ends
    joint_speed_radps: tuple[float, ...]
    singular_value: float  # of the Jacobian; below it motion in the weakest direction fades out
    force_n: float  # on the tool; above it the arm retreats ...
    torque_nm: float
    stop_force_n: float  # ... and above this it stops until a person clears it
    stop_torque_nm: float
    retreat_mps: float
    leash_m: float  # between reference and measured pose
    leash_rad: float
    stale_command_s: float  # an older command is held
    stale_state_s: float  # an older measurement too
    speed_scale: float  # of the speeds above, always; 1 where nobody can come near

    def __post_init__(self) -> None:
        problems = [p for f in fields(self) for p in _not_usable(f.name, getattr(self, f.name))]
        problems += self._disordered()
        if problems:
            raise ConfigError(problems, "limits")

    def _disordered(self) -> list[str]:
        pairs = {"workspace_low_m": "workspace_high_m", "joint_low_rad": "joint_high_rad"}
        lows = [
            (f"{low}[{i}]", a, f"{high}[{i}]", b)
            for low, high in pairs.items()
            for i, (a, b) in enumerate(zip(getattr(self, low), getattr(self, high), strict=False))
        ]
        lows += [("force_n", self.force_n, "stop_force_n", self.stop_force_n)]
        lows += [("torque_nm", self.torque_nm, "stop_torque_nm", self.stop_torque_nm)]
        problems = [f"{a}: got {x}, want less than {b} ({y})" for a, x, b, y in lows if not x < y]
        joints = {n: len(getattr(self, n)) for n in ("joint_low_rad", "joint_high_rad", "joint_speed_radps")}
        if len(set(joints.values())) > 1:
            problems.append(f"joint limits: got lengths {joints}, want the same number of joints in each")
        if not any(self.tool_axis):
            problems.append("tool_axis: got a vector of length 0, want a direction")
        pairs = zip(self.joint_low_rad, self.joint_high_rad, strict=False)
        if any(high - low <= 2 * self.joint_margin_rad for low, high in pairs):
            problems.append(
                f"joint_margin_rad: got {self.joint_margin_rad} rad, which leaves a joint no range"
            )
        if not 0 < self.speed_scale <= 1:
            problems.append(f"speed_scale: got {self.speed_scale}, want over 0 and at most 1")
        return problems


def _not_usable(name: str, value: float | tuple[float, ...]) -> list[str]:
    signed = isinstance(value, tuple) and name != "joint_speed_radps"
    numbers = value if isinstance(value, tuple) else (value,)
    bad = [v for v in numbers if not math.isfinite(v) or (not signed and v <= 0)]
    return [f"{name}: got {v}, want a {'' if signed else 'positive '}finite number" for v in bad]


def within(limits: SafetyLimits, margin_m: float, low_m: Point, high_m: Point) -> SafetyLimits:
    """The workspace for a reference: ``margin_m`` inside, and in a task's box; ConfigError if it is empty."""
    ax, ay, az = (max(a + margin_m, b) for a, b in zip(limits.workspace_low_m, low_m, strict=True))
    bx, by, bz = (min(a - margin_m, b) for a, b in zip(limits.workspace_high_m, high_m, strict=True))
    return replace(limits, workspace_low_m=(ax, ay, az), workspace_high_m=(bx, by, bz))
