"""A plan that drives: it takes, carries, goes after what slips away, and takes over anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from policies.rewards.keypoint_guide import KeypointGuide
from policies.rewards.keypoints.plan import KeypointPlan
from robot.core.se3 import transform
from robot.core.spec import ArmActionSpec
from tests.unit.lifting_episodes import lifting_plan

SPEC = ArmActionSpec("arm", ("x", "y", "z", "rz"), 0.012, 0.1, gripper=True)
DOWN = np.diag([1.0, -1.0, -1.0])  # the tool looks down
UP = np.array([0.0, 0.0, 0.1])
THING = np.array([0.5, 0.02, 0.02])


def plan_to(target: np.ndarray) -> KeypointPlan:
    points = {"grasp": THING, "target": target}
    return lifting_plan().changed(keypoints=points, waypoints_m=np.stack([THING, target]))


class Table:
    """A tool that goes where it is told, and an object that comes along once the gripper closed around it."""

    def __init__(self, tool: np.ndarray) -> None:
        self.tool, self.thing = tool.astype(float), THING.copy()
        self.grips = 0

    def step(self, guide: KeypointGuide, seen: bool = True) -> np.ndarray:
        value = guide.act(transform(DOWN, self.tool), self.thing.copy() if seen else None)
        move, turn = SPEC.delta(value)
        assert np.abs(value).max() <= 1
        assert not turn.any()
        closed, near = value[-1] < 0, np.linalg.norm(self.tool - self.thing) < 0.01
        self.grips = self.grips + 1 if closed and (near or self.grips) else 0
        self.tool = self.tool + DOWN @ move
        if self.grips > 2:
            self.thing = self.thing + DOWN @ move
        return value


@pytest.mark.parametrize("start", [UP, np.array([0.06, -0.05, 0.08]), np.array([0.03, 0.0, 0.0])])
@pytest.mark.parametrize("seen", [True, False])
def test_it_brings_the_object_where_the_plan_ends(start: np.ndarray, seen: bool) -> None:
    table, guide = Table(THING + start), KeypointGuide(plan_to(THING + UP), SPEC)
    for _ in range(60):
        table.step(guide, seen)
    np.testing.assert_allclose(table.thing, THING + UP, atol=0.012)


def test_it_comes_down_from_above_with_an_open_gripper() -> None:
    table, guide = Table(THING + np.array([0.06, -0.05, 0.0])), KeypointGuide(plan_to(THING + UP), SPEC)
    last_m = 0.0
    while table.step(guide)[-1] > 0:
        aside_m, over_m = np.linalg.norm((table.tool - table.thing)[:2]), table.tool[2] - table.thing[2]
        assert aside_m < 0.015 or over_m > 0.0 or over_m >= last_m - 1e-9  # beside it only on the way up
        last_m = over_m
    assert np.linalg.norm(table.tool - table.thing) < 0.01


def test_it_goes_after_what_was_moved_and_takes_again_what_it_lost() -> None:
    table, guide = Table(THING + UP), KeypointGuide(plan_to(THING + UP), SPEC)
    table.thing = THING + np.array([0.0, 0.03, 0.0])
    while table.grips < 6:
        table.step(guide)
    table.thing, table.grips = THING + np.array([0.02, 0.0, 0.0]), 0  # it slipped
    for _ in range(60):
        table.step(guide)
    assert table.thing[2] > 0.1


def test_without_a_gripper_its_action_has_no_value_for_one() -> None:
    spec = ArmActionSpec("arm", ("x", "y", "z"), 0.012, 0.1)
    assert KeypointGuide(plan_to(THING + UP), spec).act(transform(DOWN, THING + UP)).shape == (3,)
