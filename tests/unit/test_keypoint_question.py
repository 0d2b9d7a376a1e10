"""A drawn scene, a question about it, a reply, a plan; and the same plan by clicks."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from policies.rewards.keypoints.camera_model import CameraModelError, PinholeCamera, calibration_id
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.lift import LiftError, known
from policies.rewards.keypoints.masks import ColourSegmenter
from policies.rewards.keypoints.plan import PlanError
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource, make_plan
from policies.rewards.keypoints.plan_rules import PlanRules
from policies.rewards.keypoints.pointed import lift_points, plan_from_points
from policies.rewards.keypoints.question import NotVisible, Question, View, plan_from_reply, prepare_question
from policies.rewards.keypoints.reply import (
    GraspPoint,
    PlanReply,
    TargetPoint,
    WaypointBlock,
    parse_reply,
    reply_schema,
)
from robot.core import se3
from robot.task import Box

K = np.array([[300.0, 0.0, 127.5], [0.0, 300.0, 127.5], [0.0, 0.0, 1.0]])
# Above the table looking down, its upper border towards +x; and at x = 1 looking back along the table.
TOP = PinholeCamera(
    K, np.zeros(5), 256, 256, se3.transform([[0, -1, 0], [-1, 0, 0], [0, 0, -1]], [0.5, 0.0, 0.5])
)
SIDE = PinholeCamera(
    K, np.zeros(5), 256, 256, se3.transform([[0, 0, -1], [1, 0, 0], [0, -1, 0]], [1.1, 0.0, 0.1])
)
CAMERAS = {"top": TOP, "side": SIDE}
HEIGHTS = HeightLines.at([0.0, 0.04, 0.08])
FACTS = PlanFacts(
    3,
    "arm",
    "stack",
    "put the red block on the blue one",
    {},
    7,
    PlanRules(Box((0.3, -0.2, 0.0), (0.7, 0.2, 0.3))),
)
RED, BLUE = np.array([0.45, 0.08]), np.array([0.58, -0.1])


def scene(camera: PinholeCamera) -> np.ndarray:
    """Two flat squares of 5 cm on a noisy table."""
    rng = np.random.default_rng(0)
    frame = np.clip(rng.normal(140, 3, (256, 256, 3)), 0, 255).astype(np.uint8)
    for centre, colour in ((RED, (200, 40, 35)), (BLUE, (40, 60, 200))):
        corners = [
            [*(centre + d), 0.0] for d in ([-0.025, -0.025], [-0.025, 0.025], [0.025, 0.025], [0.025, -0.025])
        ]
        cv2.fillPoly(frame, [np.rint(camera.project(np.array(corners))).astype(np.int32)], colour)
    return frame


def question() -> Question:
    return prepare_question(
        FACTS.sentence,
        View("top", TOP, scene(TOP)),
        View("side", SIDE, scene(SIDE)),
        HEIGHTS,
        ColourSegmenter(),
        grasped=0,
    )


def mark_at(asked: Question, where: np.ndarray) -> str:
    """The mark nearest to a place on the table."""
    pixel = TOP.project(np.array([*where, 0.0]))[0]
    return min(asked.marks, key=lambda m: float(np.linalg.norm(m.pixel - pixel))).label


def reply(asked: Question, **changes: object) -> PlanReply:
    at = {m.mask: m.label for m in reversed(asked.marks)}
    good = {
        "visible": True,
        "grasp": {"keypoint": at[0], "height": "h0"},
        "waypoints": [{"tile": "c3", "height": "h2"}],
        "target": {"at": at[1], "height": "h1"},
        "confidence": 0.5,
    }
    return PlanReply.model_validate(good | changes, context=asked.vocabulary, strict=False)


def test_from_a_scene_to_a_plan() -> None:
    asked = question()
    red_first = asked.masks[0].contains(TOP.project(np.array([*RED, 0.0])))[0]
    grasped, other = (RED, BLUE) if red_first else (BLUE, RED)
    assert [m.label for m in asked.marks if m.mask == 0] == ["P1", "P2", "P3", "P4", "P5"]
    assert reply_schema(asked.vocabulary)["$defs"]["GraspPoint"]["properties"]["keypoint"]["enum"] == [
        "P1",
        "P2",
        "P3",
        "P4",
        "P5",
    ]
    plan = plan_from_reply(asked, reply(asked), FACTS, PlanSource("vlm", "fake", 0.8))
    np.testing.assert_allclose(plan.keypoints["grasp"], [*grasped, 0.0], atol=0.003)
    np.testing.assert_allclose(plan.keypoints["via1"], [0.5, 0.0, 0.08], atol=0.001)
    np.testing.assert_allclose(plan.keypoints["target"], [*other, 0.04], atol=0.003)
    assert plan.confidence == pytest.approx(0.4)
    assert (plan.prompt_sha, plan.calibration_id) == (asked.prompt.sha, calibration_id(CAMERAS))
    assert asked.masks[0].contains(plan.mask_points_px["top"]).all()
    assert len(plan.mask_points_px["top"]) == 24
    assert plan.std_m["via1"] > plan.std_m["grasp"] > 0.003
    assert set(asked.image_shas) == {"top", "side"}


def test_what_is_lifted_by_its_own_mark_ends_straight_above_where_it_was_grasped() -> None:
    asked = question()
    mark = next(m.label for m in asked.marks if m.mask == 0)
    grasp, target = GraspPoint(keypoint=mark, height="h1"), TargetPoint(at=mark, height="h2")
    lifting = reply(asked, grasp=grasp, target=target, waypoints=())
    plan = plan_from_reply(asked, lifting, FACTS, PlanSource("vlm", "fake", 1.0))
    np.testing.assert_allclose(plan.waypoints_m[1] - plan.waypoints_m[0], [0.0, 0.0, 0.04], atol=1e-9)


def test_the_same_tile_higher_up_is_straight_above() -> None:
    asked = question()
    tower = [WaypointBlock(tile="b2", height=h) for h in ("h0", "h1", "h2")]
    plan = plan_from_reply(asked, reply(asked, waypoints=tuple(tower)), FACTS, PlanSource("vlm", "fake", 1.0))
    low, middle, high = (plan.keypoints[f"via{i}"] for i in (1, 2, 3))
    np.testing.assert_allclose(low[:2], high[:2])
    np.testing.assert_allclose([low[2], middle[2], high[2]], [0.0, 0.04, 0.08])
    assert asked.grid.tile_at(TOP.project(low)[0], TOP.size) == "b2"


def test_with_depth_a_mark_is_where_it_is_not_at_its_line() -> None:
    asked = question()
    depth = np.full((256, 256), 0.49)  # of a table top 1 cm high, 0.5 m below the camera
    deep = dataclasses.replace(asked, top=dataclasses.replace(asked.top, depth_m=depth))
    plan = plan_from_reply(deep, reply(deep), FACTS, PlanSource("vlm", "fake", 1.0))
    assert plan.keypoints["grasp"][2] == pytest.approx(0.01)
    assert plan.keypoints["target"][2] == pytest.approx(0.04)
    assert plan.keypoints["via1"][2] == pytest.approx(0.08)
    assert plan.std_m["grasp"] < 0.005


def test_height_lines_are_drawn_where_the_thing_is_said_to_be() -> None:
    views = (View("top", TOP, scene(TOP)), View("side", SIDE, np.zeros((256, 256, 3), np.uint8)))
    near = np.array([0.8, 0.0, 0.1])
    asked = prepare_question(FACTS.sentence, *views, HEIGHTS, ColourSegmenter(), near_m=near)
    row = (SIDE.project(np.array([0.8, 0.0, 0.04]))[0, 1] + 0.5) * 3 - 0.5
    rows = np.flatnonzero(asked.side_picture.pixels[:, 700].any(axis=-1))
    assert np.abs(rows - row).min() < 1.5


def test_a_place_named_twice_counts_once_but_grasp_and_target_must_differ() -> None:
    asked = question()
    twice = [WaypointBlock(tile="c3", height="h2")] * 2
    plan = plan_from_reply(asked, reply(asked, waypoints=twice), FACTS, PlanSource("vlm", "fake", 1.0))
    assert len(plan.waypoints_m) == 3
    same = TargetPoint(at="P1", height="h0")
    with pytest.raises(PlanError, match="mm apart"):
        plan_from_reply(asked, reply(asked, target=same, waypoints=()), FACTS, PlanSource("vlm", "fake", 1.0))


def test_not_visible_and_out_of_reach_make_no_plan() -> None:
    asked = question()
    unseen = reply(asked, visible=False, grasp=None, target=None, waypoints=())
    with pytest.raises(NotVisible, match="clear the view"):
        plan_from_reply(asked, unseen, FACTS, PlanSource("vlm", "fake", 1.0))
    near = PlanFacts(**{**FACTS.__dict__, "rules": PlanRules(Box((0.3, -0.01, 0.0), (0.7, 0.01, 0.3)))})
    with pytest.raises(PlanError, match="outside the workspace"):
        plan_from_reply(asked, reply(asked), near, PlanSource("vlm", "fake", 1.0))


def test_the_same_scene_gives_the_same_question() -> None:
    one, two = question(), question()
    assert one.prompt.sha == two.prompt.sha
    assert one.top_picture.png == two.top_picture.png
    assert one.side_picture.png == two.side_picture.png


def test_a_frame_of_another_size_than_the_calibration_is_refused() -> None:
    with pytest.raises(
        CameraModelError, match=r"calibrated for 256x256 px, the frame has shape \(64, 64, 3\)"
    ):
        View("top", TOP, np.zeros((64, 64, 3), np.uint8))


ANNA = PlanSource("operator", "anna", 1.0)
POINTS = {"grasp": [0.45, 0.08, 0.02], "over": [0.5, 0.0, 0.1], "target": [0.58, -0.1, 0.05]}


def clicks() -> dict[str, dict[str, np.ndarray]]:
    return {n: {c: cam.project(np.array(p))[0] for c, cam in CAMERAS.items()} for n, p in POINTS.items()}


def test_clicks_in_two_views_make_a_plan() -> None:
    plan = plan_from_points(clicks(), CAMERAS, FACTS, ANNA)
    np.testing.assert_allclose(plan.waypoints_m, list(POINTS.values()), atol=1e-6)
    assert (plan.provenance, plan.model, plan.confidence, plan.version) == ("operator", "anna", 1.0, 3)
    assert set(plan.mask_points_px) == {"top", "side"}


def test_a_plan_from_the_truth_is_exact_and_sure() -> None:
    truth = {name: known(np.array(p)) for name, p in POINTS.items()}
    plan = make_plan(truth, ["over"], CAMERAS, {}, FACTS, PlanSource("oracle", "twin", 1.0))
    np.testing.assert_array_equal(plan.waypoints_m, list(POINTS.values()))
    assert set(plan.std_m.values()) == {0.0}


def test_one_view_needs_a_height() -> None:
    views = {name: {"top": pixels["top"]} for name, pixels in clicks().items()}
    plan = plan_from_points(views, CAMERAS, FACTS, ANNA, {n: p[2] for n, p in POINTS.items()})
    np.testing.assert_allclose(plan.waypoints_m, list(POINTS.values()), atol=1e-6)
    assert plan.calibration_id == calibration_id({"top": TOP})
    with pytest.raises(LiftError, match="grasp: pointed at in top alone; do so in a second view"):
        lift_points(views, CAMERAS)


def test_clicks_that_do_not_fit_are_named() -> None:
    with pytest.raises(LiftError, match="over: seen by wrist, not calibrated; calibrated cameras: side, top"):
        lift_points({"over": {"wrist": np.zeros(2)}}, CAMERAS)
    wrong = clicks()
    wrong["target"]["side"] = wrong["target"]["side"] + [0.0, 80.0]
    wrong["target"]["top"] = wrong["target"]["top"] + [80.0, 0.0]
    with pytest.raises(LiftError, match="target: the views disagree by"):
        lift_points(wrong, CAMERAS)
    backwards = dict(reversed(clicks().items()))
    with pytest.raises(PlanError, match="pointed at target, over, grasp; want grasp first and target last"):
        plan_from_points(backwards, CAMERAS, FACTS, ANNA)


def test_a_model_that_follows_the_prompts_example_gets_a_parsed_reply() -> None:
    asked = question()
    parsed = parse_reply(reply(asked).model_dump_json(), asked.vocabulary)
    assert parsed.grasp == GraspPoint(keypoint="P1", height="h0")
    assert mark_at(asked, RED) != mark_at(asked, BLUE)
