"""Changes of a velocity under acceleration and jerk limits, in discrete time. Pure; plain floats for speed.

Velocity, acceleration and jerk are differences over one guard period ``dt_s``, so a sequence made here keeps
its limits exactly, at every period, by anybody's measurement of the references that were sent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Vector = tuple[float, float, float]
ZERO: Vector = (0.0, 0.0, 0.0)
_REST = 1e-9
LONGEST_STOP = 1000  # periods


@dataclass(frozen=True)
class Rates:
    """Limits of the norm of a velocity and of its derivatives: m and s, or rad and s."""

    speed: float
    acceleration: float
    jerk: float


@dataclass(frozen=True)
class Motion:
    """A velocity and the acceleration that led to it."""

    velocity: Vector = ZERO
    acceleration: Vector = ZERO

    def after(self, velocity: Vector, dt_s: float) -> Motion:
        """The motion once the velocity has changed within one period."""
        return Motion(velocity, scaled(minus(velocity, self.velocity), 1.0 / dt_s))


STILL = Motion()


def norm(v: Vector) -> float:
    """Euclidean length."""
    return math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


def minus(a: Vector, b: Vector) -> Vector:
    """a - b."""
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def plus(a: Vector, b: Vector, times: float = 1.0) -> Vector:
    """a + times * b."""
    return (a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2])


def scaled(v: Vector, factor: float) -> Vector:
    """factor * v."""
    return (factor * v[0], factor * v[1], factor * v[2])


def shortened(v: Vector, longest: float) -> Vector:
    """``v``, or its part of length ``longest``; a vector within it is returned untouched."""
    length = norm(v)
    return v if length <= longest else scaled(v, longest / length)


def excess(motion: Motion, wanted: Vector, rates: Rates, dt_s: float) -> tuple[bool, bool]:
    """Whether going straight to ``wanted`` would break the acceleration limit, and the jerk limit."""
    needed = scaled(minus(wanted, motion.velocity), 1.0 / dt_s)
    change = norm(minus(needed, motion.acceleration)) / dt_s
    return norm(needed) > rates.acceleration, change > rates.jerk


def toward(motion: Motion, wanted: Vector, rates: Rates, dt_s: float) -> Vector:
    """The next velocity on the way to ``wanted``, arriving there with no acceleration left.

    The wanted acceleration is the largest that can still be ramped down in time: over n periods, by the
    largest slew s each, ``a + (a - s) + ... = n a - s n (n - 1) / 2`` is what is left per period.
    """
    error = minus(wanted, motion.velocity)
    left = norm(error)
    slew = rates.jerk * dt_s
    if (
        left <= min(slew, rates.acceleration) * dt_s
        and norm(plus(motion.acceleration, error, -1.0 / dt_s)) <= slew
    ):
        return wanted
    need = left / dt_s
    periods = max(1, math.ceil(math.sqrt(0.25 + 2 * need / slew) - 0.5 - _REST))
    largest = need / periods + slew * (periods - 1) / 2
    aim = scaled(error, min(largest, rates.acceleration) / max(left, _REST))
    acceleration = plus(motion.acceleration, shortened(minus(aim, motion.acceleration), slew))
    return plus(motion.velocity, acceleration, dt_s)


def stop(motion: Motion, rates: Rates, dt_s: float) -> list[Vector]:
    """The velocities of the quickest stop, one a period without the rest at its end; LONGEST_STOP at most"""
    path: list[Vector] = []
    while len(path) < LONGEST_STOP:
        velocity = toward(motion, ZERO, rates, dt_s)
        if velocity == ZERO:
            break
        motion = motion.after(velocity, dt_s)
        path.append(velocity)
    return path
