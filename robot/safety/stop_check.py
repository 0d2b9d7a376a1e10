"""Which limits a step, or the quickest stop that follows it, would break. Pure.

A limit that is exceeded already, because the arm was pushed or the limit was lowered, counts from where
things are now: going back is allowed, going further is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from robot.core.quaternion import Quaternion, product
from robot.core.se3 import Matrix, quat_xyzw
from robot.core.types import RobotState
from robot.limits import SafetyLimits
from robot.safety.jerk_limit import (
    LONGEST_STOP,
    ZERO,
    Motion,
    Rates,
    Vector,
    minus,
    norm,
    plus,
    scaled,
    stop,
)
from robot.safety.reason import Reason

_ROUNDING = 1e-9
_TURN_ROUNDING = 1e-7  # acos loses digits near upright
_DAMPING = 1e-6  # a singular pose has a pseudo-inverse too
_INWARD = 0.3  # of the way sideways: enough for the surface to fall away over the longest stop
_NOTHING = Reason(0)


@dataclass(frozen=True)
class Place:
    """Where a reference is: position, direction of tool z, turn away from the measured one."""

    position_m: Vector
    tool_z: Vector
    turn: Quaternion

    def moved(self, linear: Vector, angular: Vector, dt_s: float) -> Place:
        """One period further."""
        position = plus(self.position_m, linear, dt_s)
        if angular == ZERO:
            return Place(position, self.tool_z, self.turn)
        q = _quaternion(scaled(angular, dt_s))
        return Place(position, _rotate(q, self.tool_z), product(q, self.turn))


class StopCheck:
    """The limits as they hold for one guard period.

    Args:
        T_base_ref: the reference sent last.
        motions: how it moves, linear and angular.
        state: the fresh measurement, or None; without one the rules that compare with it do not apply.
        rates: speed (scaled), acceleration and jerk limits, linear and angular.
    """

    def __init__(
        self,
        T_base_ref: Matrix,
        motions: tuple[Motion, Motion],
        state: RobotState | None,
        limits: SafetyLimits,
        rates: tuple[Rates, Rates],
        dt_s: float,
    ) -> None:
        self.rates, self._dt_s = rates, dt_s
        self._axis: Vector = _unit(limits.tool_axis)
        measured = T_base_ref if state is None else state.T_base_tcp
        turn = quat_xyzw(T_base_ref[:3, :3] @ measured[:3, :3].T)
        self.start = Place(_vector(T_base_ref[:3, 3]), _vector(T_base_ref[:3, 2]), _vector4(turn))
        self.measured_m = _vector(measured[:3, 3])
        at = self.start.position_m
        # The allowance for rounding is part of the limit, not of the place, or it would add up call by call.
        self._low = [min(a - _ROUNDING, b) for a, b in zip(limits.workspace_low_m, at, strict=True)]
        self._high = [max(a + _ROUNDING, b) for a, b in zip(limits.workspace_high_m, at, strict=True)]
        self._tilt = max(limits.tilt_rad + _TURN_ROUNDING, self.tilt(self.start))
        self._leash_m, self._leash_rad = math.inf, math.inf
        if state is not None:
            self._leash_m = max(limits.leash_m + _ROUNDING, self._ahead_m(self.start))
            self._leash_rad = max(limits.leash_rad + _TURN_ROUNDING, _angle(self.start.turn))
        speeds = [max(r.speed + _ROUNDING, norm(m.velocity)) for r, m in zip(rates, motions, strict=True)]
        self._speed, self._turn_speed = speeds
        self._joints = None
        if state is not None and state.jacobian is not None:
            self._joints = _Joints(state, limits, motions, self._way(self.start))

    def broken(self, linear: Motion, angular: Motion) -> Reason:
        """The limits that stepping to these motions and then stopping would break."""
        linears = [linear.velocity, *stop(linear, self.rates[0], self._dt_s)]
        angulars = [angular.velocity, *stop(angular, self.rates[1], self._dt_s)]
        place, reasons = self.start, _NOTHING
        if max(len(linears), len(angulars)) > LONGEST_STOP:  # nobody has seen where it ends
            reasons |= Reason.ACCELERATION
        for v, w in zip_longest(linears, angulars, fillvalue=ZERO):
            place = place.moved(v, w, self._dt_s)
            reasons |= self._pose(place)
            if norm(v) > self._speed or norm(w) > self._turn_speed:
                reasons |= Reason.SPEED
        if self._joints is not None:
            twist = np.array([*linear.velocity, *angular.velocity])
            reasons |= self._joints.broken(twist, self._way(place))
        return reasons

    def tilt(self, place: Place) -> float:
        """Angle between tool z and upright, rad."""
        cosine = sum(a * b for a, b in zip(place.tool_z, self._axis, strict=True))
        return math.acos(max(-1.0, min(1.0, cosine)))

    def less(self, reasons: Reason, linear: Vector, angular: Vector) -> tuple[Vector, Vector]:
        """The ask without what leads further toward the broken limits."""
        if Reason.WORKSPACE in reasons:
            linear = self._along_the_wall(linear)
        if Reason.TILT in reasons:
            angular = without(angular, _cross(self._axis, self.start.tool_z))
        if Reason.LEASH in reasons and self._taut_m() >= self._taut_rad():
            linear = _inward(linear, minus(self.start.position_m, self.measured_m))
        elif Reason.LEASH in reasons:
            angular = _inward(angular, _rotvec(self.start.turn))
        return linear, angular

    def _pose(self, place: Place) -> Reason:
        reasons = _NOTHING
        inside = zip(self._low, place.position_m, self._high, strict=True)
        if not all(low <= p <= high for low, p, high in inside):
            reasons |= Reason.WORKSPACE
        if self.tilt(place) > self._tilt:
            reasons |= Reason.TILT
        if self._ahead_m(place) > self._leash_m or _angle(place.turn) > self._leash_rad:
            reasons |= Reason.LEASH
        return reasons

    def _way(self, place: Place) -> NDArray[np.float64]:
        """From the measured pose [6]."""
        return np.array([*minus(place.position_m, self.measured_m), *_rotvec(place.turn)])

    def _taut_m(self) -> float:
        return self._ahead_m(self.start) / self._leash_m

    def _taut_rad(self) -> float:
        return _angle(self.start.turn) / self._leash_rad

    def _ahead_m(self, place: Place) -> float:
        return norm(minus(place.position_m, self.measured_m))

    def _along_the_wall(self, linear: Vector) -> Vector:
        """Without the components toward the nearer wall of each axis whose wall is within a stop's reach."""
        reach = 2.0 * norm(linear) * self._stop_s()
        x, y, z = (self._kept(axis, v, reach) for axis, v in enumerate(linear))
        return (x, y, z)

    def _kept(self, axis: int, velocity: float, reach: float) -> float:
        room = self._high[axis] - self.start.position_m[axis]
        if velocity < 0:
            room = self.start.position_m[axis] - self._low[axis]
        return velocity if room > reach else 0.0

    def _stop_s(self) -> float:
        rates = self.rates[0]
        return self._dt_s + self._speed / rates.acceleration + 2.0 * rates.acceleration / rates.jerk


class _Joints:
    """Joint limits, linearised at the measured configuration."""

    def __init__(
        self,
        state: RobotState,
        limits: SafetyLimits,
        motions: tuple[Motion, Motion],
        way: NDArray[np.float64],  # [6] from the measured pose to the reference
    ) -> None:
        assert state.jacobian is not None
        self._q = state.q.astype(np.float64)
        self._inverse = pseudo_inverse(state.jacobian)
        low, high = np.array(limits.joint_low_rad), np.array(limits.joint_high_rad)
        start = self._q + self._inverse @ way
        self._low = np.minimum(low + limits.joint_margin_rad - _ROUNDING, np.minimum(start, self._q))
        self._high = np.maximum(high - limits.joint_margin_rad + _ROUNDING, np.maximum(start, self._q))
        now = np.abs(self._inverse @ np.array([*motions[0].velocity, *motions[1].velocity]))
        self._speed = np.maximum(np.array(limits.joint_speed_radps) + _ROUNDING, now)

    def broken(self, twist: NDArray[np.float64], way: NDArray[np.float64]) -> Reason:
        """Of a twist [6], and of the way [6] from the measured pose to where the stop ends."""
        reasons, end = _NOTHING, self._q + self._inverse @ way
        if (end < self._low).any() or (end > self._high).any():
            reasons |= Reason.JOINT_POSITION
        if (np.abs(self._inverse @ twist) > self._speed).any():
            reasons |= Reason.JOINT_SPEED
        return reasons


def pseudo_inverse(jacobian: NDArray[np.float32]) -> NDArray[np.float64]:
    """Damped least-squares inverse [J, 6] of a Jacobian [6, J]."""
    J = np.asarray(jacobian, dtype=np.float64)
    return J.T @ np.linalg.inv(J @ J.T + _DAMPING * np.eye(6))


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = values.tolist()
    return (x, y, z)


def _vector4(values: NDArray[np.float64]) -> Quaternion:
    x, y, z, w = values.tolist()
    return (x, y, z, w)


def _unit(v: Vector) -> Vector:
    return scaled(v, 1.0 / norm(v))


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _inward(v: Vector, outward: Vector) -> Vector:
    """``v`` along the surface of a ball, and a little into it: straight along would lead out of it."""
    sideways = without(v, outward)
    length = norm(outward)
    return plus(sideways, outward, -_INWARD * norm(sideways) / length) if length > _ROUNDING else sideways


def without(v: Vector, direction: Vector) -> Vector:
    """``v`` less its part along ``direction``, if that part is positive."""
    length = norm(direction)
    if length < _ROUNDING:
        return ZERO  # at the middle every way leads outward
    d = scaled(direction, 1.0 / length)
    along = v[0] * d[0] + v[1] * d[1] + v[2] * d[2]
    return plus(v, d, -max(along, 0.0))


def _quaternion(rotvec: Vector) -> Quaternion:
    angle = norm(rotvec)
    x, y, z = scaled(rotvec, math.sin(angle / 2) / angle if angle > 1e-12 else 0.5)
    return (x, y, z, math.cos(angle / 2))


def _rotate(q: Quaternion, v: Vector) -> Vector:
    u, w = (q[0], q[1], q[2]), q[3]
    t = scaled(_cross(u, v), 2.0)
    return plus(plus(v, t, w), _cross(u, t))


def _angle(q: Quaternion) -> float:
    return 2.0 * math.atan2(norm((q[0], q[1], q[2])), abs(q[3]))


def _rotvec(q: Quaternion) -> Vector:
    v = (q[0], q[1], q[2]) if q[3] >= 0 else (-q[0], -q[1], -q[2])
    length = norm(v)
    return scaled(v, _angle(q) / length) if length > 1e-12 else ZERO
