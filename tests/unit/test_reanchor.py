"""A plan moved to another scene: what goes with the object, what stays, and when it is refused."""

from __future__ import annotations

import numpy as np
import pytest

from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan, PlanError
from policies.rewards.keypoints.plan_making import PlanFacts
from policies.rewards.keypoints.plan_rules import PlanRules
from policies.rewards.keypoints.question import Question
from policies.rewards.keypoints.reanchor import AnchoredPlan, anchored, reanchor
from tests.unit import reward_scene as scene

OVER = np.add(scene.RED, (0.0, 0.0, 0.08))
SOCKET = np.add(scene.BLUE, (0.0, 0.0, 0.02))
SHIFT = np.array([0.03, -0.04, 0.0])


def first_plan() -> AnchoredPlan:
    """Grasp the red square, lift it, put it on the blue one."""
    asked = scene.question()
    on_red = asked.top.camera.project(scene.RED)
    plan = KeypointPlan(
        version=1,
        arm="arm",
        task=scene.TASK.name,
        sentence=scene.TASK.sentence,
        keypoints={GRASP: scene.RED, "via1": OVER, TARGET: SOCKET},
        std_m={GRASP: 0.002, "via1": 0.002, TARGET: 0.003},
        waypoints_m=np.array([scene.RED, OVER, SOCKET]),
        mask_points_px={"top": on_red},
        confidence=0.8,
        provenance="vlm",
        model="test-vlm",
        prompt_sha="",
        image_shas={},
        calibration_id="",
        created_ns=0,
    )
    known = anchored(plan, asked)
    assert known is not None
    return known


def facts(asked: Question) -> PlanFacts:
    rules = PlanRules(scene.TASK.workspace)
    return PlanFacts(5, "arm", scene.TASK.name, scene.TASK.sentence, asked.image_shas, 9, rules)


def moved_to(squares: scene.Squares) -> KeypointPlan:
    asked = scene.question(squares)
    return reanchor(first_plan(), asked, facts(asked))


def test_what_lay_over_the_object_goes_with_it_and_the_rest_stays() -> None:
    parent, plan = first_plan().plan, moved_to(scene.Squares(red=scene.RED + SHIFT))
    np.testing.assert_allclose(plan.waypoints_m, [scene.RED + SHIFT, OVER + SHIFT, SOCKET], atol=0.003)
    np.testing.assert_array_equal(plan.keypoints[TARGET], SOCKET)
    assert (plan.version, plan.created_ns, plan.provenance, plan.parent_id) == (5, 9, "reanchored", parent.id)
    assert plan.image_shas.keys() == {"top", "side"}
    assert plan.std_m[GRASP] > parent.std_m[GRASP]
    assert plan.std_m[TARGET] == parent.std_m[TARGET]
    assert 0.5 * parent.confidence < plan.confidence <= 0.7 * parent.confidence
    on_it = scene.question(scene.Squares(red=scene.RED + SHIFT)).top.camera.project(scene.RED + SHIFT)
    assert (np.linalg.norm(plan.mask_points_px["top"] - on_it, axis=1) < 20).all()


def test_a_scene_that_did_not_change_moves_nothing() -> None:
    np.testing.assert_allclose(moved_to(scene.AT_FIRST).waypoints_m, [scene.RED, OVER, SOCKET], atol=1e-6)


def test_another_colour_is_not_the_object() -> None:
    with pytest.raises(PlanError, match=r"nothing looks like the object of plan 1.* Lab units off"):
        moved_to(scene.Squares(red=None))


def test_one_of_two_that_look_alike_is_not_guessed() -> None:
    with pytest.raises(PlanError, match="more than one thing looks like the object of plan 1"):
        moved_to(scene.Squares(second_red=np.add(scene.RED, (0.02, 0.06, 0.0))))


def test_another_size_is_not_the_object() -> None:
    with pytest.raises(PlanError, match=r"6\d mm wide, want 4\d within 30%"):
        moved_to(scene.Squares(half_m=0.03))


def test_an_object_beyond_the_arm_s_reach_is_refused() -> None:
    with pytest.raises(PlanError, match="outside the workspace"):
        moved_to(scene.Squares(red=np.array([0.36, 0.0, 0.0])))
