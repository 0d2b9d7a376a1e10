"""What a rig's numbers must be to one another and to the vendor's: a problem a line, for people."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from robot.arms.driver import HardLimits
from robot.core.se3 import from_quat_xyzw
from robot.limits import SafetyLimits
from robot.rig import ArmRig
from robot.safety.jerk_limit import Motion, Rates, norm, stop

_UNITS = {
    "speed_mps": "m/s",
    "acceleration_mps2": "m/s2",
    "jerk_mps3": "m/s3",
    "turn_speed_radps": "rad/s",
    "turn_acceleration_radps2": "rad/s2",
    "turn_jerk_radps3": "rad/s3",
}
_AXES = "xyz"


def beyond_the_vendor(limits: SafetyLimits, hard: HardLimits) -> Iterator[str]:
    """Each limit that the arm's own controller would not allow."""
    for name, unit in _UNITS.items():
        got, most = getattr(limits, name), getattr(hard, name)
        if got > most:
            yield f"{name}: got {got:g} {unit}, the vendor's limit is {most:g} {unit}"
    joints = len(hard.joint_low_rad)
    if len(limits.joint_low_rad) != joints:
        yield f"joint limits: got {len(limits.joint_low_rad)} joints, the arm has {joints}"
        return
    yield from _joints_beyond(limits, hard)


def _joints_beyond(limits: SafetyLimits, hard: HardLimits) -> Iterator[str]:
    for i, (got, least) in enumerate(zip(limits.joint_low_rad, hard.joint_low_rad, strict=True)):
        if got < least:
            yield f"joint_low_rad[{i}]: got {got:g} rad, the vendor's limit is {least:g} rad"
    for name, unit in (("joint_high_rad", "rad"), ("joint_speed_radps", "rad/s")):
        pairs = zip(getattr(limits, name), getattr(hard, name), strict=True)
        for i, (got, most) in enumerate(pairs):
            if got > most:
                yield f"{name}[{i}]: got {got:g} {unit}, the vendor's limit is {most:g} {unit}"


def unsafe_start(arm: ArmRig) -> Iterator[str]:
    """An episode must begin where the arm may be."""
    limits, tilt = arm.limits, start_tilt_rad(arm)
    corners = zip(_AXES, limits.workspace_low_m, arm.start_position_m, limits.workspace_high_m, strict=True)
    for axis, low, at, high in corners:
        if not low <= at <= high:
            yield f"start_position_m {axis}: got {at:g} m, the workspace is {low:g} to {high:g} m"
    if abs(math.hypot(*arm.start_quat_xyzw) - 1.0) > 1e-3:
        yield f"start_quat_xyzw: got norm {math.hypot(*arm.start_quat_xyzw):.4f}, want 1 (order x, y, z, w)"
    elif tilt > limits.tilt_rad:
        yield f"start_quat_xyzw: tool z is {tilt:.3f} rad off tool_axis, tilt_rad is {limits.tilt_rad:g} rad"


def start_tilt_rad(arm: ArmRig) -> float:
    """Angle between tool z at the start and `tool_axis`."""
    if not any(arm.start_quat_xyzw) or not any(arm.limits.tool_axis):
        return math.pi
    axis = np.array(arm.limits.tool_axis) / math.hypot(*arm.limits.tool_axis)
    return math.acos(float(np.clip(from_quat_xyzw(arm.start_quat_xyzw)[:, 2] @ axis, -1.0, 1.0)))


def no_room_to_brake(limits: SafetyLimits, dt_s: float) -> Iterator[str]:
    """The guard takes a step only if the stop after it fits, so too little room is an arm that crawls."""
    way = braking_way(limits.speed_mps, limits.acceleration_mps2, limits.jerk_mps3, limits.speed_scale, dt_s)
    turn = braking_way(
        limits.turn_speed_radps,
        limits.turn_acceleration_radps2,
        limits.turn_jerk_radps3,
        limits.speed_scale,
        dt_s,
    )
    for axis, low, high in zip(_AXES, limits.workspace_low_m, limits.workspace_high_m, strict=True):
        if 0 < high - low < 2 * way:
            yield (
                f"workspace {axis}: {high - low:g} m wide, braking from {limits.speed_mps:g} m/s takes "
                f"{way:.3f} m to either side; widen it or lower speed_mps"
            )
    if limits.leash_m < way:
        yield f"leash_m: got {limits.leash_m:g} m, shorter than the {way:.3f} m of braking; lower speed_mps"
    if limits.leash_rad < turn:
        yield (
            f"leash_rad: got {limits.leash_rad:g} rad, less than the {turn:.3f} rad of braking; "
            "lower turn_speed_radps"
        )


def braking_way(speed: float, acceleration: float, jerk: float, scale: float, dt_s: float) -> float:
    """How far the quickest stop from full speed goes, m or rad; as the guard brakes, period by period."""
    rates = Rates(speed * scale, acceleration, jerk)
    path = stop(Motion((rates.speed, 0.0, 0.0)), rates, dt_s)
    return dt_s * (rates.speed + sum(norm(v) for v in path))
