"""What the tests of the safety layer share: valid limits, and a state in the middle of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from robot.core.se3 import Matrix, transform
from robot.core.types import RobotState
from robot.limits import SafetyLimits

DOWN = np.diag([1.0, -1.0, -1.0])  # tool z points at the table
MIDDLE = np.array([0.5, 0.0, 0.25])
PERIOD_S = 0.01


def limits(joints: int = 7, **changes: Any) -> SafetyLimits:
    """Limits of an arm in the middle of a box of 0.4 x 0.6 x 0.5 m."""
    values: dict[str, Any] = {
        "workspace_low_m": (0.3, -0.3, 0.0),
        "workspace_high_m": (0.7, 0.3, 0.5),
        "tool_axis": (0.0, 0.0, -1.0),
        "tilt_rad": 0.5,
        "speed_mps": 0.25,
        "acceleration_mps2": 5.0,
        "jerk_mps3": 300.0,
        "turn_speed_radps": 1.5,
        "turn_acceleration_radps2": 12.0,
        "turn_jerk_radps3": 800.0,
        "joint_low_rad": (-2.0,) * joints,
        "joint_high_rad": (2.0,) * joints,
        "joint_margin_rad": 0.05,
        "joint_speed_radps": (3.0,) * joints,
        "singular_value": 0.03,
        "force_n": 30.0,
        "torque_nm": 6.0,
        "stop_force_n": 60.0,
        "stop_torque_nm": 12.0,
        "retreat_mps": 0.05,
        "leash_m": 0.02,
        "leash_rad": 0.2,
        "stale_command_s": 0.15,
        "stale_state_s": 0.05,
        "speed_scale": 1.0,
    }
    return SafetyLimits(**values | changes)


def arm(now_ns: int = 0, T: Matrix | None = None, **changes: Any) -> RobotState:
    """A seven-joint arm at rest, in the middle of all its limits, its joints moving one axis each."""
    zero, J = np.zeros(7, np.float32), np.eye(6, 7, dtype=np.float32)
    pose = transform(DOWN, MIDDLE) if T is None else T
    six = np.zeros(6, np.float32)
    return replace(RobotState(now_ns, "arm", zero, zero, zero, pose, six, six, 0.04, jacobian=J), **changes)


@st.composite
def any_limits(draw: st.DrawFn, joints: int) -> SafetyLimits:
    """Limits over the range from a watch-maker's arm to a fast one; every stop takes under 0.5 s."""
    log = st.floats(0.0, 1.0)

    def between(low: float, high: float) -> float:
        return low * (high / low) ** draw(log)

    acceleration, turn_acceleration = between(0.5, 13.0), between(2.0, 30.0)
    size = np.array([between(0.02, 1.0) for _ in range(3)])
    force, torque = between(2.0, 50.0), between(1.0, 10.0)
    return limits(
        joints,
        workspace_low_m=tuple((MIDDLE - size / 2).tolist()),
        workspace_high_m=tuple((MIDDLE + size / 2).tolist()),
        tilt_rad=between(0.05, 3.0),
        speed_mps=acceleration * between(0.01, 0.25),
        acceleration_mps2=acceleration,
        jerk_mps3=acceleration * between(10.0, 1000.0),
        turn_speed_radps=turn_acceleration * between(0.01, 0.25),
        turn_acceleration_radps2=turn_acceleration,
        turn_jerk_radps3=turn_acceleration * between(10.0, 1000.0),
        joint_margin_rad=between(0.001, 0.5),
        joint_speed_radps=tuple(between(0.2, 6.0) for _ in range(joints)),
        singular_value=between(0.005, 0.3),
        force_n=force,
        stop_force_n=force * between(1.2, 4.0),
        torque_nm=torque,
        stop_torque_nm=torque * between(1.2, 4.0),
        retreat_mps=between(0.005, 0.2),
        leash_m=between(0.002, 0.2),
        leash_rad=between(0.02, 1.0),
        speed_scale=between(0.1, 1.0),
    )
