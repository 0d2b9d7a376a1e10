"""A plan that drives: it takes, carries, goes after what slips away, and takes over anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from policies.rewards.keypoint_guide import KeypointGuide
from tests.unit.guided_table import SPEC, THING, UP, Table, plan_to


@pytest.mark.parametrize("start", [UP, np.array([0.06, -0.05, 0.08]), np.array([0.03, 0.0, 0.0])])
@pytest.mark.parametrize("seen", [True, False])
def test_it_brings_the_object_where_the_plan_ends(start: np.ndarray, seen: bool) -> None:
    table, guide = Table(THING + start), KeypointGuide(plan_to(THING + UP), SPEC)
    for _ in range(60):
        table.step(guide, seen)
    np.testing.assert_allclose(table.thing, THING + UP, atol=0.012)


def test_it_comes_down_from_above_with_an_open_gripper() -> None:
    table, guide = Table(THING + np.array([0.06, -0.05, 0.0])), KeypointGuide(plan_to(THING + UP), SPEC)
    while table.step(guide)[-1] > 0:
        pass
    aside_m, over_m = np.linalg.norm(np.array(table.path)[:, :2], axis=1), np.array(table.path)[:, 2]
    highest = int(over_m.argmax())
    assert over_m[highest] > 0.04
    assert (aside_m[highest:] < 0.015).all(), "it comes down beside the object"
    assert (np.diff(over_m[highest:]) < 1e-9).all()
    assert np.linalg.norm(table.path[-1]) < 0.01


def test_what_the_policy_has_grasped_is_carried_on() -> None:
    table, guide = Table(THING + UP / 2, held=True), KeypointGuide(plan_to(THING + UP), SPEC, closed=True)
    assert all(table.step(guide)[-1] < 0 for _ in range(30))
    np.testing.assert_allclose(table.thing, THING + UP, atol=0.012)


def test_a_gripper_that_closed_on_nothing_is_opened() -> None:
    table, guide = Table(THING + UP), KeypointGuide(plan_to(THING + UP), SPEC, closed=True)
    table.width_m = 0.0
    assert table.step(guide)[-1] > 0
    for _ in range(60):
        table.step(guide)
    np.testing.assert_allclose(table.thing, THING + UP, atol=0.012)


def test_it_goes_after_what_was_moved_and_takes_again_what_it_lost() -> None:
    table, guide = Table(THING + UP), KeypointGuide(plan_to(THING + UP), SPEC)
    moved = table.thing = THING + np.array([0.0, 0.06, 0.0])
    while table.thing[2] < 0.05:
        table.step(guide)
        assert np.linalg.norm((table.thing - moved)[:2]) < 0.04, "it goes on from where the object was"
    table.thing = THING + np.array([0.02, 0.0, 0.0])  # it slipped
    for _ in range(60):
        table.step(guide)
    np.testing.assert_allclose(table.thing, THING + UP, atol=0.012)


def test_an_object_that_is_not_seen_now_is_where_it_was_seen_last() -> None:
    table, guide = Table(THING + UP), KeypointGuide(plan_to(THING + UP), SPEC)
    table.thing = THING + np.array([0.0, 0.03, 0.0])
    for step in range(60):
        table.step(guide, seen=step < 3)
    np.testing.assert_allclose(table.thing, THING + UP, atol=0.012)
