"""The grasp point in base: on the table, in the hand, let go, left behind; one view or two."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from policies.rewards.keypoints.masks import NoObject
from policies.rewards.tracking.object_point import ObjectPoint, ObjectPointTracker
from robot.core.errors import SpecMismatch
from tests.unit.painted_plate import CLOSED, OPEN, REST_M, at, camera, painted, plan, tool

FRONT = camera()
Point = NDArray[np.float64]


class Episode:
    """A tracker with one view that is told where plate, tool and fingers are."""

    def __init__(self) -> None:
        self.tracker = ObjectPointTracker({"front": FRONT})
        self.tracker.begin({"front": painted(FRONT, REST_M)}, tool(at(z=0.1)), plan())
        self.step(REST_M, at(z=0.1), OPEN)

    def step(self, plate: Point | None, hand: Point, width: float) -> ObjectPoint | None:
        return self.tracker.step({"front": painted(FRONT, plate)}, tool(hand), width)

    def grasp(self) -> None:
        for width in (OPEN, 0.05, CLOSED, CLOSED):
            self.step(REST_M, REST_M, width)


def off_m(point: ObjectPoint | None, truth: Point) -> float:
    assert point is not None
    return float(np.linalg.norm(point.point_m - truth))


def by(point: ObjectPoint | None) -> str:
    return "" if point is None else point.by


def test_what_slides_on_the_table_is_followed_at_its_height() -> None:
    episode = Episode()
    points = [episode.step(at(x, -x), at(z=0.1), OPEN) for x in np.linspace(0.0, 0.05, 8)]
    assert by(points[-1]) == "rest"
    assert off_m(points[-1], at(0.05, -0.05)) < 0.003
    assert points[-1] is not None
    assert 0.9 < points[-1].confidence <= 1.0


def test_in_the_hand_it_goes_where_the_tool_goes_though_one_view_has_no_depth() -> None:
    episode = Episode()
    episode.grasp()
    points = [episode.step(at(z=height), at(z=height), CLOSED) for height in np.linspace(0.0, 0.1, 11)]
    assert by(points[-1]) == "held"
    assert off_m(points[-1], at(z=0.1)) < 0.003


def test_a_hand_that_goes_without_it_has_not_got_it() -> None:
    episode = Episode()
    episode.grasp()
    points = [episode.step(REST_M, at(z=height), CLOSED) for height in np.linspace(0.0, 0.1, 11)]
    assert by(points[-1]) == "rest"
    assert off_m(points[-1], REST_M) < 0.003


def test_a_slip_in_the_hand_is_seen() -> None:
    episode = Episode()
    episode.grasp()
    slip_m = 0.03
    way = [at(0, slip_m if z > 0.05 else 0, z) for z in np.linspace(0.0, 0.1, 11)]
    points = [episode.step(plate, at(z=plate[2] - REST_M[2]), CLOSED) for plate in way]
    assert by(points[-1]) == "held"
    assert off_m(points[-1], at(0, slip_m, 0.1)) < 0.006


def test_nothing_is_said_when_view_and_fingers_contradict_each_other() -> None:
    episode = Episode()
    episode.grasp()
    for height in np.linspace(0.0, 0.05, 6):
        episode.step(at(z=height), at(z=height), CLOSED)
    away = [episode.step(at(0, 0.015 * k, 0.05), at(z=0.05), CLOSED) for k in range(1, 7)]
    assert away[-1] is None


def test_let_go_it_lies_below_and_not_where_it_was_held() -> None:
    episode = Episode()
    episode.grasp()
    for height in np.linspace(0.0, 0.1, 11):
        episode.step(at(z=height), at(z=height), CLOSED)
    points = [episode.step(REST_M, at(z=0.1), OPEN) for _ in range(8)]
    assert by(points[-1]) == "rest"
    assert off_m(points[-1], REST_M) < 0.004


def test_grasped_while_hidden_it_comes_back_in_the_hand() -> None:
    episode = Episode()
    for width in (OPEN, 0.05, CLOSED, CLOSED):
        assert episode.step(None, REST_M, width) is None
    for height in np.linspace(0.0, 0.05, 6):
        assert episode.step(None, at(z=height), CLOSED) is None
    points = [episode.step(at(z=0.05), at(z=0.05), CLOSED) for _ in range(4)]
    assert by(points[-1]) == "held"
    assert off_m(points[-1], at(z=0.05)) < 0.004


def test_let_go_while_hidden_it_is_looked_for_below_the_hand() -> None:
    """Put on a shelf, not back on the table: one view knows by where the hand was."""
    episode = Episode()
    episode.grasp()
    for height in np.linspace(0.0, 0.06, 7):
        episode.step(None, at(z=height), CLOSED)
    episode.step(None, at(z=0.06), OPEN)
    points = [episode.step(at(z=0.06), at(z=0.1), OPEN) for _ in range(6)]
    assert by(points[-1]) == "rest"
    assert off_m(points[-1], at(z=0.06)) < 0.006


def test_an_object_in_the_hand_from_the_start_is_carried() -> None:
    tracker = ObjectPointTracker({"front": FRONT})
    tracker.begin({"front": painted(FRONT, at(z=0.05))}, tool(at(z=0.05)), plan(at(z=0.05)))
    way = [at(z=z) for z in np.linspace(0.05, 0.1, 6)]
    points = [tracker.step({"front": painted(FRONT, plate)}, tool(plate), CLOSED) for plate in way]
    assert off_m(points[-1], at(z=0.1)) < 0.003


def test_two_views_need_neither_height_nor_hand() -> None:
    views = {"front": FRONT, "side": camera(1.2)}
    tracker = ObjectPointTracker(views)
    tracker.begin({n: painted(c, REST_M) for n, c in views.items()}, tool(at(z=0.1)), plan())
    points = [
        tracker.step({n: painted(c, at(0, -x, x)) for n, c in views.items()}, tool(at(z=0.2)), OPEN)
        for x in np.linspace(0.0, 0.05, 6)
    ]
    assert by(points[-1]) == "views"
    assert off_m(points[-1], at(0, -0.05, 0.05)) < 0.004


def test_a_camera_without_an_image_sees_nothing() -> None:
    assert Episode().tracker.step({}, tool(at(z=0.1)), OPEN) is None


def test_cameras_that_cannot_follow_it_are_named() -> None:
    views = {"front": FRONT, "small": camera(1.2, size=48)}
    tracker = ObjectPointTracker({**views, "off": camera(-1.2)})
    tracker.begin({n: painted(c, REST_M) for n, c in views.items()}, tool(at(z=0.1)), plan())
    assert "no image" in tracker.blind["off"]
    assert "px across in small, want at least 10" in tracker.blind["small"]
    hidden = {n: painted(c, at(0, 0.08)) for n, c in views.items()}
    with pytest.raises(NoObject, match=r"front: 0% of the plan's 1 points .* make a plan"):
        tracker.begin(hidden, tool(at(z=0.1)), plan())
    with pytest.raises(SpecMismatch, match="want \\(128, 128\\)"):
        tracker.begin({"front": painted(views["small"], REST_M)}, tool(at(z=0.1)), plan())
