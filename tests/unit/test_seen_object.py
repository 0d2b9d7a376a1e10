"""The object followed by a camera: a pushed square, one that is gone, and a look that takes too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from policies.rewards.followed import FollowedPoint, Moment
from policies.rewards.keypoints.masks import NoObject
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan
from policies.rewards.plan_views import PlanViews
from policies.rewards.scorer import make_scorer
from policies.rewards.seen_object import SeenObject, SeenObjects
from policies.rewards.tracking.object_point import ObjectPointTracker
from robot.core.se3 import transform
from tests.unit import reward_scene as scene

PLAN = KeypointPlan(
    version=1,
    arm="arm",
    task=scene.TASK.name,
    sentence=scene.TASK.sentence,
    keypoints={GRASP: scene.RED, TARGET: np.add(scene.RED, (0.0, 0.1, 0.0))},
    std_m={GRASP: 0.0, TARGET: 0.0},
    waypoints_m=np.array([scene.RED, np.add(scene.RED, (0.0, 0.1, 0.0))]),
    mask_points_px={},
    confidence=0.8,
    provenance="oracle",
    model="",
    prompt_sha="",
    image_shas={},
    calibration_id="",
    created_ns=0,
)
NEVER_S = 30.0


def moment(y_m: float = 0.0) -> Moment:
    """The red square has been pushed so far along the path, and the tool is with it."""
    red = np.add(scene.RED, (0.0, y_m, 0.0))
    images = {"top": scene.picture(scene.T_BASE_TOP, scene.Squares(red=red))}
    return Moment({}, images, transform(scene.TOOL[:3, :3], np.add(red, (0.0, 0.0, 0.02))), 0.04)


def follower(patience_s: float | None = None) -> Callable[[KeypointPlan, Moment], SeenObject]:
    views = PlanViews({"top": scene.MOUNTS["top"]})
    scene.show(views.hear)
    return SeenObjects(lambda _: views.fixed_cameras(), patience_s)


def test_progress_of_a_square_that_is_pushed_is_seen() -> None:
    scorer = make_scorer(PLAN, scene.CONFIG, follower())
    values = [scorer.score(moment(y)) for y in np.arange(0.0, 0.101, 0.01)]
    most = PLAN.confidence * scene.CONFIG.potential.weight
    assert values[0] < 0.35 * most
    assert 0.7 * most < values[-1] <= most
    assert (np.diff(values[1:]) > 0).all()


def test_what_the_camera_does_not_show_is_refused() -> None:
    gone = Moment({}, {"top": scene.picture(scene.T_BASE_TOP, scene.Squares(red=None))}, scene.TOOL, 0.04)
    with pytest.raises(NoObject, match="0% of the plan's 1 points in top lie on one thing"):
        follower()(PLAN, gone)


def test_a_look_that_takes_long_gives_no_point_and_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, step = threading.Event(), ObjectPointTracker.step

    def slow(tracker: ObjectPointTracker, *look: object) -> object:
        assert go_on.wait(NEVER_S)
        return step(tracker, *look)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(ObjectPointTracker, "step", slow)
    seen = follower(patience_s=0.2)(PLAN, moment())
    assert [seen.follow(moment()), seen.follow(moment(0.01))] == [None, None]
    go_on.set()
    give_up_s = time.monotonic() + NEVER_S
    point: FollowedPoint | None = None
    while point is None and time.monotonic() < give_up_s:
        point = seen.follow(moment(0.02))
        time.sleep(0.01)
    assert point is not None
    np.testing.assert_allclose(point.point_m, np.add(scene.RED, (0.0, 0.02, 0.0)), atol=0.004)


def test_while_nothing_is_seen_the_potential_stands_still() -> None:
    scorer = make_scorer(PLAN, scene.CONFIG, follower())
    *_, value = [scorer.score(moment(y)) for y in np.arange(0.0, 0.051, 0.01)]
    dark = Moment({}, {}, moment(0.05).T_base_tcp, 0.04)
    assert scorer.score(dark) == pytest.approx(value, rel=0.02)
