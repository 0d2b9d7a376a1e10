"""Progress along waypoints: forward only, and no short cut where the path crosses itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.shaping.waypoint_path import PathProgress, WaypointPath
from robot.core.errors import SpecMismatch

# Right 1 m, up 1 m, left 0.5 m, down 2 m: the last leg crosses the first at x = 0.5 m, arc 3.5 m.
CROSSING = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0.5, 1, 0], [0.5, -1, 0]]
coordinates = st.floats(-2, 2)


def follow(path: WaypointPath, points: np.ndarray) -> list[PathProgress]:
    seen = [path.start(points[0])]
    for point in points[1:]:
        seen.append(path.advance(seen[-1], point))
    return seen


def test_a_point_on_the_path_reads_its_own_arc_length() -> None:
    path = WaypointPath(CROSSING, look_ahead_m=0.2)
    arcs = np.linspace(0, path.length_m, 91)
    seen = follow(path, np.array([path.point_at(arc) for arc in arcs]))
    np.testing.assert_allclose([p.arc_m for p in seen], arcs, atol=1e-9)
    np.testing.assert_allclose([p.distance_m for p in seen], 0, atol=1e-9)


def test_the_crossing_is_not_a_short_cut() -> None:
    path = WaypointPath(CROSSING, look_ahead_m=0.2)
    before = path.advance(PathProgress(0.4, 0.0), [0.45, 0, 0])
    at_crossing = path.advance(before, [0.5, -0.03, 0])  # on the last leg, 0.03 m off the first
    assert at_crossing.arc_m == pytest.approx(0.5)
    assert at_crossing.distance_m == pytest.approx(0.03)


def test_going_back_keeps_the_arc_and_costs_distance() -> None:
    path = WaypointPath(CROSSING, look_ahead_m=0.2)
    back = path.advance(PathProgress(0.8, 0.0), [0.3, 0, 0])
    assert (back.arc_m, back.distance_m) == (pytest.approx(0.8), pytest.approx(0.5))


def test_a_jump_counts_for_the_look_ahead_only_and_is_caught_up() -> None:
    path = WaypointPath(CROSSING, look_ahead_m=0.2)
    seen = follow(path, np.array([[0, 0, 0], [0.9, 0, 0], [0.9, 0, 0], [0.9, 0, 0]], float))
    assert [p.arc_m for p in seen] == pytest.approx([0, 0.2, 0.4, 0.6])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=2, max_size=6, unique=True),
    st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=1, max_size=8),
    st.floats(0.01, 1.0),
)
def test_the_nearest_point_ahead_is_found(waypoints: list, points: list, look_ahead_m: float) -> None:
    if np.ptp(np.array(waypoints), axis=0).max() < 1e-3:
        return
    path = WaypointPath(waypoints, look_ahead_m)
    progress = path.start(points[0])
    for point in points:
        reached = path.advance(progress, point)
        high = min(progress.arc_m + look_ahead_m, path.length_m)
        assert progress.arc_m - 1e-12 <= reached.arc_m <= high + 1e-12
        tried = [path.distance_m(point, arc) for arc in np.linspace(progress.arc_m, high, 200)]
        assert reached.distance_m <= min(tried) + 1e-9
        progress = reached


@pytest.mark.parametrize(
    "points", [[[0, 0, 0]], [[0, 0]], [[0, 0, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, np.nan]]]
)
def test_what_is_no_path_is_refused(points: list) -> None:
    with pytest.raises(SpecMismatch, match="waypoints"):
        WaypointPath(points, 0.1)
    with pytest.raises(SpecMismatch, match="look_ahead_m is 0"):
        WaypointPath(CROSSING, 0)
