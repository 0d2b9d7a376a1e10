"""Bounds what one arm is asked to do, once a guard period: a pure function of state, ask, past and limits.

Three groups of rules. *Hold* rules replace the ask by rest. *Bend* rules take out of it what is too fast or
points the wrong way. Then the change of velocity is limited, and the result is taken only if the quickest
stop after it would stay inside every limit too. Otherwise the arm makes the next step of the stop that was
found safe a period ago. So a reference can always be brought to rest inside its limits, whatever comes next.

Source of the scheme: a known safe stop as the backup of every accepted step, as in Gurriet et al.,
"A Scalable Safety Critical Control Framework for Nonlinear Systems" (2020).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix, exp_so3, log_so3
from robot.core.types import RobotState, Source
from robot.limits import SafetyLimits
from robot.safety.jerk_limit import (
    STILL,
    ZERO,
    Motion,
    Rates,
    Vector,
    excess,
    norm,
    scaled,
    shortened,
    toward,
)
from robot.safety.reason import Reason
from robot.safety.stop_check import StopCheck, pseudo_inverse, without

_NOTHING = Reason(0)
_IDENTITY = np.eye(3)
_FUTURE_S = 0.005  # the clocks of one machine's processes agree better than this
_ABSURD = 1e3  # m, rad, m/s, rad/s, m/rad: no arm's measurement
_RIGID = 1e-3  # how far a measured rotation may be from orthonormal
_TAUT = 1.0 + 1e-6
_DRAG_S = 0.1  # time constant of a dragged reference
_TRIES = (1.0, 1.0, 0.5, 0.25, 0.0)  # shares of the ask that are tried, the first two at full size


@dataclass(frozen=True)
class Ask:
    """What the layers above want for this guard period."""

    stamp_ns: int  # of the command it follows from
    twist: NDArray[np.float64]  # [6] m/s, rad/s, base frame
    source: Source = Source.POLICY
    engaged: bool = False  # the dead-man is held
    devices_ok: bool = True  # every camera and hand device the arm is driven by answers


@dataclass(frozen=True)
class Reference:
    """What was sent last: the pose, how it moves, and whether the arm is stopped until a person clears it."""

    stamp_ns: int
    T_base_tcp: Matrix
    linear: Motion = STILL
    angular: Motion = STILL
    stopped: str = ""  # why; empty while the arm may move

    @property
    def twist(self) -> NDArray[np.float64]:
        """[6] m/s, rad/s, base frame."""
        return np.array([*self.linear.velocity, *self.angular.velocity])


def at_rest(state: RobotState) -> Reference:
    """A reference at the measured pose: where every motion begins, also after a stop was cleared."""
    return Reference(state.stamp_ns, np.array(state.T_base_tcp, dtype=np.float64))


def guard(
    now_ns: int,
    state: RobotState | None,
    ask: Ask,
    last: Reference,
    limits: SafetyLimits,
    dt_s: float,
    speed_scale: float = 1.0,
) -> tuple[Reference, Reason]:
    """The reference for the next ``dt_s`` seconds, and why it is not what was asked.

    Args:
        now_ns: the present, by the clock that stamped state and ask.
        state: the newest measurement, or None.
        last: what this function returned a period ago, or `at_rest`.
        speed_scale: in (0, 1], lowers the limits' own; lower while people are near. NaN and less: no speed.

    An ask that breaks nothing is followed to the bit: the reference's twist equals the ask's.
    """
    seen = state if state is not None and usable(now_ns, state, limits) else None
    stopped = last.stopped or ("" if seen is None else _stop_reason(seen, limits))
    reasons = _hold_reasons(now_ns, seen, ask, last, limits) | (Reason.STOPPED if stopped else _NOTHING)
    linear, angular = (ZERO, ZERO) if reasons else _split(ask.twist)
    if seen is not None and not stopped:
        linear, angular, pushed = _yielding(seen, linear, angular, limits)
        linear, angular, dragged = _dragged(seen, last, linear, angular, limits)
        reasons |= pushed | dragged
    rates = _rates(limits, limits.speed_scale * max(0.0, min(speed_scale, 1.0)))
    linear, angular, slowed = _slowed(seen, linear, angular, limits, rates)
    check = StopCheck(last.T_base_tcp, (last.linear, last.angular), seen, limits, rates, dt_s)
    motions, bent = _accepted(check, last, linear, angular, dt_s)
    moved = _moved(last, motions, dt_s)
    return replace(moved, stamp_ns=max(now_ns, last.stamp_ns), stopped=stopped), reasons | slowed | bent


def usable(now_ns: int, state: RobotState, limits: SafetyLimits) -> bool:
    """Whether the measurement is fresh, finite and an arm's; a reference starts at rest at no other."""
    age_s = (now_ns - state.stamp_ns) * 1e-9
    if not (-_FUTURE_S <= age_s <= limits.stale_state_s and np.isfinite(state.wrench).all()):
        return False
    parts = (state.q, state.dq, state.T_base_tcp, state.twist)
    parts += () if state.jacobian is None else (state.jacobian,)
    if not all((np.abs(p) < _ABSURD).all() for p in parts):  # nor is NaN
        return False
    R = state.T_base_tcp[:3, :3]
    return bool((np.abs(R @ R.T - _IDENTITY) < _RIGID).all())


def _hold_reasons(
    now_ns: int, seen: RobotState | None, ask: Ask, last: Reference, limits: SafetyLimits
) -> Reason:
    age_s = (now_ns - ask.stamp_ns) * 1e-9
    rules = {
        Reason.NOT_FINITE: not np.isfinite(ask.twist).all(),
        Reason.CLOCK_BACKWARDS: now_ns < last.stamp_ns or age_s < -_FUTURE_S,
        Reason.STALE_COMMAND: age_s > limits.stale_command_s,
        Reason.STALE_STATE: seen is None,
        Reason.NOT_ENGAGED: ask.source is Source.HUMAN and not ask.engaged,
        Reason.DEVICE_LOST: not ask.devices_ok,
    }
    return Reason(sum(reason for reason, broken in rules.items() if broken))


def _stop_reason(state: RobotState, limits: SafetyLimits) -> str:
    wrench = state.wrench.astype(np.float64)  # the square of a huge float32 is none
    force, torque = float(np.linalg.norm(wrench[:3])), float(np.linalg.norm(wrench[3:]))
    if force > limits.stop_force_n:
        return f"force of {force:.0f} N on the tool, limit {limits.stop_force_n:g} N"
    if torque > limits.stop_torque_nm:
        return f"torque of {torque:.1f} Nm on the tool, limit {limits.stop_torque_nm:g} Nm"
    return "" if state.jacobian is not None else _joint_stop_reason(state, limits)


def _joint_stop_reason(state: RobotState, limits: SafetyLimits) -> str:
    """Without a Jacobian nobody knows which way leads out of a joint's margin: a person must."""
    margin = limits.joint_margin_rad
    for i, (q, low, high) in enumerate(
        zip(state.q, limits.joint_low_rad, limits.joint_high_rad, strict=True)
    ):
        if not low + margin <= q <= high - margin:
            return f"joint {i + 1} at {q:.3f} rad, wanted {low + margin:.3f} to {high - margin:.3f} rad"
    return ""


def _yielding(
    state: RobotState, linear: Vector, angular: Vector, limits: SafetyLimits
) -> tuple[Vector, Vector, Reason]:
    """Above the force limit the arm gives way along the push; above the torque limit it only turns along."""
    force = state.T_base_tcp[:3, :3] @ state.wrench[:3].astype(np.float64)
    push, reasons = float(np.linalg.norm(force)), _NOTHING
    if push > limits.force_n:
        linear, angular, reasons = _vector(force * (limits.retreat_mps / push)), ZERO, Reason.FORCE
    twisted = state.T_base_tcp[:3, :3] @ state.wrench[3:].astype(np.float64)
    if float(np.linalg.norm(twisted)) > limits.torque_nm:
        angular, reasons = without(angular, _vector(-twisted)), reasons | Reason.TORQUE
    return linear, angular, reasons


def _dragged(
    state: RobotState, last: Reference, linear: Vector, angular: Vector, limits: SafetyLimits
) -> tuple[Vector, Vector, Reason]:
    """A reference that the arm was pushed away from follows it, back into the leash."""
    ahead = last.T_base_tcp[:3, 3] - state.T_base_tcp[:3, 3]
    turn = log_so3(last.T_base_tcp[:3, :3] @ state.T_base_tcp[:3, :3].T)
    reasons = _NOTHING
    if (far := float(np.linalg.norm(ahead))) > limits.leash_m * _TAUT:
        linear, reasons = _vector(-ahead * ((far - limits.leash_m) / (far * _DRAG_S))), Reason.LEASH
    if (far := float(np.linalg.norm(turn))) > limits.leash_rad * _TAUT:
        angular, reasons = _vector(-turn * ((far - limits.leash_rad) / (far * _DRAG_S))), Reason.LEASH
    return linear, angular, reasons


def _rates(limits: SafetyLimits, scale: float) -> tuple[Rates, Rates]:
    speed, turn = limits.speed_mps * scale, limits.turn_speed_radps * scale
    return (
        Rates(speed, limits.acceleration_mps2, limits.jerk_mps3),
        Rates(turn, limits.turn_acceleration_radps2, limits.turn_jerk_radps3),
    )


def _slowed(
    state: RobotState | None,
    linear: Vector,
    angular: Vector,
    limits: SafetyLimits,
    rates: tuple[Rates, Rates],
) -> tuple[Vector, Vector, Reason]:
    """Within the speed limits of tool and joints, and slow where the arm is nearly singular."""
    reasons = _NOTHING
    if norm(linear) > rates[0].speed or norm(angular) > rates[1].speed:
        linear, angular = shortened(linear, rates[0].speed), shortened(angular, rates[1].speed)
        reasons |= Reason.SPEED
    if state is None or state.jacobian is None or (linear == ZERO and angular == ZERO):
        return linear, angular, reasons
    U, sigma, _ = np.linalg.svd(state.jacobian.astype(np.float64), full_matrices=False)
    if sigma[-1] < limits.singular_value:
        twist = np.array([*linear, *angular])
        fade = np.maximum(1.0 - sigma / limits.singular_value, 0.0)
        linear, angular = _split(twist - U @ (fade * (U.T @ twist)))
        reasons |= Reason.SINGULARITY
    joints = np.abs(pseudo_inverse(state.jacobian) @ np.array([*linear, *angular]))
    share = float((joints / np.array(limits.joint_speed_radps)).max())
    if share > 1.0:
        return scaled(linear, 1.0 / share), scaled(angular, 1.0 / share), reasons | Reason.JOINT_SPEED
    return linear, angular, reasons


def _accepted(
    check: StopCheck, last: Reference, linear: Vector, angular: Vector, dt_s: float
) -> tuple[tuple[Motion, Motion], Reason]:
    """The motions nearest to the ask from which the arm can stop safely; failing all, the stop itself."""
    motions, reasons = (STILL, STILL), _NOTHING
    for share in _TRIES:
        want = scaled(linear, share), scaled(angular, share)
        motions, limited = _limited(check, last, want, dt_s)
        broken = check.broken(*motions)
        reasons |= broken | (limited if share == 1.0 else _NOTHING)
        if not broken:
            break
        linear, angular = check.less(broken, linear, angular)
    return motions, reasons


def _limited(
    check: StopCheck, last: Reference, want: tuple[Vector, Vector], dt_s: float
) -> tuple[tuple[Motion, Motion], Reason]:
    reasons, motions = _NOTHING, []
    for motion, wanted, rates in zip((last.linear, last.angular), want, check.rates, strict=True):
        too_much, too_sudden = excess(motion, wanted, rates, dt_s)
        reasons |= (Reason.ACCELERATION if too_much else _NOTHING) | (Reason.JERK if too_sudden else _NOTHING)
        # Rest is always approached as the stop that was checked a period ago approaches it.
        straight = wanted != ZERO and not too_much and not too_sudden
        velocity = wanted if straight else toward(motion, wanted, rates, dt_s)
        reasons |= Reason.JERK if velocity != wanted and not too_much else _NOTHING
        motions.append(motion.after(velocity, dt_s))
    return (motions[0], motions[1]), reasons


def _moved(last: Reference, motions: tuple[Motion, Motion], dt_s: float) -> Reference:
    T = last.T_base_tcp.copy()
    linear, angular = motions
    if linear.velocity != ZERO:
        T[:3, 3] += np.array(linear.velocity) * dt_s
    if angular.velocity != ZERO:
        T[:3, :3] = exp_so3(np.array(angular.velocity) * dt_s) @ T[:3, :3]
    return Reference(last.stamp_ns, T, linear, angular, last.stopped)


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)


def _split(twist: NDArray[np.float64]) -> tuple[Vector, Vector]:
    x, y, z, rx, ry, rz = twist.tolist()
    return (x, y, z), (rx, ry, rz)
