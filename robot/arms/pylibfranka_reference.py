"""From targets at a hundred a second to a reference a thousand times a second, limited in jerk."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from robot.core.quaternion import Quaternion, product
from robot.core.se3 import Matrix, from_quat_xyzw, quat_xyzw

Vector = tuple[float, float, float]
_ZERO: Vector = (0.0, 0.0, 0.0)
_LONGEST_HORIZON_S = 0.1


@dataclass(frozen=True)
class ReferenceLimits:
    """What the reference keeps within, whatever the targets are. The jerk follows from ``smoothing_s``."""

    speed_mps: float
    acceleration_mps2: float
    turn_speed_radps: float
    turn_acceleration_radps2: float
    smoothing_s: float  # time constant of each of two poles; jerk is at most acceleration / smoothing_s


class CartesianReference:
    """Follows targets, each due one target period after it came, and stops smoothly when told to.

    A velocity under speed and acceleration limits chases the target's line; two poles in series then bound
    the jerk. Only positive averages follow the limiter, so they never overshoot it. Plain floats, because
    numpy costs more than the arithmetic at this size.
    """

    def __init__(self, T_base_tcp: ArrayLike, limits: ReferenceLimits) -> None:
        T = np.asarray(T_base_tcp)
        self._limits = limits
        start = (_vector(T[:3, 3]), _quaternion(T[:3, :3]))
        self._chased = self._limited = self._first = self._second = start
        self._velocity, self._turning = _ZERO, _ZERO  # of the limiter
        self._wanted, self._wanted_turn = _ZERO, _ZERO  # of the target
        self._left_s = 0.0
        self.linear, self.angular = _ZERO, _ZERO  # m/s, rad/s of the reference, base frame

    @property
    def T_base_reference(self) -> Matrix:
        """The reference's pose [4, 4]."""
        T = np.eye(4)
        T[:3, 3], T[:3, :3] = self._second[0], from_quat_xyzw(self._second[1])
        return T

    @property
    def at_rest(self) -> bool:
        """Whether the reference has stopped: under 0.1 mm/s and 1 mrad/s."""
        moving = max(_norm(self._velocity), _norm(self.linear))
        return moving < 1e-4 and max(_norm(self._turning), _norm(self.angular)) < 1e-3

    def aim(self, T_base_tcp: ArrayLike, twist: ArrayLike, horizon_s: float) -> None:
        """Be at this pose in ``horizon_s``, moving with ``twist`` [6] then; it is not passed."""
        T, v = np.asarray(T_base_tcp), np.asarray(twist, dtype=np.float64)
        self._chased = (_vector(T[:3, 3]), _quaternion(T[:3, :3]))
        self._wanted, self._wanted_turn = _vector(v[:3]), _vector(v[3:])
        self._left_s = min(horizon_s, _LONGEST_HORIZON_S)

    def stop(self) -> None:
        """Come to rest as fast as the limits allow, forgetting the target."""
        ahead = _norm(self._velocity) / (2 * self._limits.acceleration_mps2)
        turn = _norm(self._turning) / (2 * self._limits.turn_acceleration_radps2)
        position, rotation = self._limited
        self._chased = _moved(
            (position, rotation), _scaled(self._velocity, ahead), _scaled(self._turning, turn)
        )
        self._wanted, self._wanted_turn, self._left_s = _ZERO, _ZERO, 0.0

    def step(self, dt_s: float) -> None:
        """Move on by one control period."""
        self._left_s = max(self._left_s - dt_s, 0.0)
        self._limit(dt_s)
        share = 1.0 - math.exp(-dt_s / self._limits.smoothing_s)
        self._first = _toward(self._first, self._limited, share)
        before, self._second = self._second, _toward(self._second, self._first, share)
        self.linear = _scaled(_minus(self._second[0], before[0]), 1.0 / dt_s)
        self.angular = _scaled(_turn(before[1], self._second[1]), 1.0 / dt_s)

    def _limit(self, dt_s: float) -> None:
        """The limiter's step: chase the point on the target's line that is due now."""
        back = -self._left_s
        due = _moved(self._chased, _scaled(self._wanted, back), _scaled(self._wanted_turn, back))
        limits, on_way = self._limits, self._left_s > 0
        self._velocity = _chase(
            _minus(due[0], self._limited[0]),
            self._wanted if on_way else _ZERO,
            self._velocity,
            (limits.speed_mps, limits.acceleration_mps2, 1.0 / limits.smoothing_s),
            dt_s,
        )
        self._turning = _chase(
            _turn(self._limited[1], due[1]),
            self._wanted_turn if on_way else _ZERO,
            self._turning,
            (limits.turn_speed_radps, limits.turn_acceleration_radps2, 1.0 / limits.smoothing_s),
            dt_s,
        )
        self._limited = _moved(self._limited, _scaled(self._velocity, dt_s), _scaled(self._turning, dt_s))


def _chase(
    error: Vector, ahead: Vector, velocity: Vector, limits: tuple[float, float, float], dt_s: float
) -> Vector:
    """The next velocity: proportional near the point, and never too fast to brake before it."""
    speed, acceleration, gain = limits
    distance = _norm(error)
    closing = min(gain * distance, math.sqrt(1.6 * acceleration * distance))
    wanted = _shortened(_plus(ahead, _scaled(error, closing / max(distance, 1e-12))), speed)
    return _plus(velocity, _shortened(_minus(wanted, velocity), acceleration * dt_s))


def _toward(
    pose: tuple[Vector, Quaternion], goal: tuple[Vector, Quaternion], share: float
) -> tuple[Vector, Quaternion]:
    step, turn = _minus(goal[0], pose[0]), _turn(pose[1], goal[1])
    return _moved(pose, _scaled(step, share), _scaled(turn, share))


def _moved(pose: tuple[Vector, Quaternion], step: Vector, turn: Vector) -> tuple[Vector, Quaternion]:
    """The pose after a translation and a rotation vector, both in the base frame."""
    angle = _norm(turn)
    if angle < 1e-12:
        return _plus(pose[0], step), pose[1]
    s = math.sin(angle / 2) / angle
    x, y, z, w = product((turn[0] * s, turn[1] * s, turn[2] * s, math.cos(angle / 2)), pose[1])
    n = 1.0 / math.sqrt(x * x + y * y + z * z + w * w)
    return _plus(pose[0], step), (x * n, y * n, z * n, w * n)


def _turn(a: Quaternion, b: Quaternion) -> Vector:
    """Rotation vector from ``a`` to ``b`` in the base frame, the short way round."""
    x, y, z, w = product(b, (-a[0], -a[1], -a[2], a[3]))
    sign = -1.0 if w < 0 else 1.0
    sine = math.sqrt(x * x + y * y + z * z)
    factor = sign * (2.0 * math.atan2(sine, sign * w) / sine if sine > 1e-9 else 2.0)
    return (x * factor, y * factor, z * factor)


def _vector(v: ArrayLike) -> Vector:
    x, y, z = (float(c) for c in np.asarray(v))
    return (x, y, z)


def _quaternion(R: ArrayLike) -> Quaternion:
    x, y, z, w = (float(c) for c in quat_xyzw(R))
    return (x, y, z, w)


def _norm(v: Vector) -> float:
    return math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


def _plus(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _minus(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _scaled(v: Vector, factor: float) -> Vector:
    return (v[0] * factor, v[1] * factor, v[2] * factor)


def _shortened(v: Vector, longest: float) -> Vector:
    length = _norm(v)
    return v if length <= longest else _scaled(v, longest / length)
