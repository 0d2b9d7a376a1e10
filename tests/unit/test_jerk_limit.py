"""Changes of a velocity under acceleration and jerk limits: always within them, always arriving, exactly."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.safety.jerk_limit import STILL, ZERO, Motion, Rates, Vector, excess, norm, stop, toward

FAST = settings(deadline=None, derandomize=True, database=None, max_examples=200)
SHARE = st.floats(-1.0, 1.0)
WAY = st.tuples(SHARE, SHARE, SHARE)
PERIOD_S = st.sampled_from([0.001, 0.004, 0.01, 0.02])


@st.composite
def rates(draw: st.DrawFn) -> Rates:
    acceleration = draw(st.floats(0.5, 20.0))
    brake_s = draw(st.floats(0.01, 0.25))
    return Rates(acceleration * brake_s, acceleration, acceleration * draw(st.floats(10.0, 1000.0)))


def scaled(way: Vector, longest: float) -> Vector:
    """Within a ball: half a cube's corner is inside."""
    x, y, z = way
    return (0.57 * longest * x, 0.57 * longest * y, 0.57 * longest * z)


def play(motion: Motion, wanted: Vector, limit: Rates, dt_s: float, calls: int) -> list[Motion]:
    motions = [motion]
    for _ in range(calls):
        motions.append(motions[-1].after(toward(motions[-1], wanted, limit, dt_s), dt_s))
    return motions


@FAST
@given(rates(), WAY, WAY, WAY, PERIOD_S)
def test_acceleration_and_jerk_stay_within_their_limits(
    limit: Rates, v: Vector, a: Vector, wanted: Vector, dt_s: float
) -> None:
    start = Motion(scaled(v, limit.speed), scaled(a, limit.acceleration))
    motions = play(start, scaled(wanted, limit.speed), limit, dt_s, 30)
    velocities = np.array([m.velocity for m in motions])
    accelerations = np.vstack([start.acceleration, np.diff(velocities, axis=0) / dt_s])
    jerks = np.diff(accelerations, axis=0) / dt_s
    assert np.linalg.norm(accelerations, axis=1).max() <= limit.acceleration * (1 + 1e-6)
    assert np.linalg.norm(jerks, axis=1).max() <= limit.jerk * (1 + 1e-6)


@FAST
@given(rates(), WAY, WAY, PERIOD_S)
def test_every_stop_ends_in_exact_rest(limit: Rates, v: Vector, a: Vector, dt_s: float) -> None:
    start = Motion(scaled(v, limit.speed), scaled(a, limit.acceleration))
    path = stop(start, limit, dt_s)
    ramps_s = 3 * limit.acceleration / limit.jerk
    assert len(path) * dt_s <= 1.2 * limit.speed / limit.acceleration + ramps_s + 10 * dt_s
    after = play(start, ZERO, limit, dt_s, len(path) + 3)
    assert after[-1] == STILL == after[-2]


@FAST
@given(rates(), st.floats(0.0, 1.0), PERIOD_S)
def test_a_stop_from_a_steady_speed_is_straight(limit: Rates, share: float, dt_s: float) -> None:
    path = [share * limit.speed, *(v[0] for v in stop(Motion((share * limit.speed, 0, 0)), limit, dt_s))]
    assert min(path) >= -1e-9
    assert all(b <= a + 1e-12 for a, b in pairwise(path))
    braking_s = share * limit.speed / limit.acceleration + limit.acceleration / limit.jerk
    assert len(path) <= braking_s / dt_s + 4


@FAST
@given(rates(), WAY, PERIOD_S)
def test_it_arrives_to_the_bit(limit: Rates, wanted: Vector, dt_s: float) -> None:
    goal = scaled(wanted, limit.speed)
    calls = math.ceil((limit.speed / limit.acceleration + 2 * limit.acceleration / limit.jerk) / dt_s) + 8
    assert play(STILL, goal, limit, dt_s, calls)[-1] == Motion(goal)


@pytest.mark.parametrize(
    ("wanted", "told"), [(0.02, (False, False)), (0.04, (False, True)), (0.06, (True, True))]
)
def test_what_is_too_much_and_what_too_sudden(wanted: float, told: tuple[bool, bool]) -> None:
    assert excess(STILL, (wanted, 0.0, 0.0), Rates(1.0, 5.0, 300.0), 0.01) == told


def test_tiny_and_huge_goals_are_harmless() -> None:
    limit = Rates(1.0, 5.0, 300.0)
    for goal in (1e-300, 1e-12, 1e150):
        assert math.isfinite(norm(toward(STILL, (goal, 0.0, 0.0), limit, 0.01)))
