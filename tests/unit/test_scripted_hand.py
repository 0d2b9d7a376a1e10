"""The simulated hands: where they steer, when they move on, and that they are human."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robot.core.se3 import rot_z, transform
from teleop.scripted import HandConfig, ScriptedHand
from tests.unit.teleop_scene import ABOVE, ARM, IN, STEADY, truth


def hand(config: HandConfig = STEADY, seed: int = 0) -> ScriptedHand:
    made = ScriptedHand(ARM, (ABOVE, IN), config)
    made.begin(seed)
    return made


def test_it_steers_toward_the_waypoint_in_the_tools_frame() -> None:
    axes, gripper = hand().deflection(truth((0.004, -0.002, 0.02)))
    np.testing.assert_allclose(axes[:3], [-0.2, 0.1, 0.0], atol=1e-6)  # half the error, over 10 mm a step
    assert gripper == 0.5
    turned, _ = hand().deflection(truth((0.004, 0.0, 0.02), yaw=np.pi / 2))
    np.testing.assert_allclose(turned[:3], [0.0, 0.2, 0.0], atol=1e-6)


def test_far_away_it_gives_full_deflection_and_keeps_the_direction() -> None:
    axes, _ = hand().deflection(truth((0.2, 0.1, 0.02)))
    np.testing.assert_allclose(axes[:3], [-1.0, -0.5, 0.0], atol=1e-6)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_it_turns_to_the_nearest_quarter(quarters: int) -> None:
    axes, _ = hand().deflection(truth((0, 0, 0.02), yaw=quarters * np.pi / 2 + 0.04))
    assert axes[5] == pytest.approx(-0.2, abs=1e-6)


def test_it_moves_on_where_a_waypoint_is_reached_and_back_where_its_lane_is_left() -> None:
    made = hand()
    made.advance(truth((0.01, 0, 0.02)))
    assert made.index == 0
    made.advance(truth((0.001, 0, 0.02), yaw=0.2))  # near, but turned
    assert made.index == 0
    made.advance(truth((0.001, 0, 0.02)))
    assert made.index == 1
    made.advance(truth((0.002, 0.002, 0.005)))  # within the lane
    assert made.index == 1
    made.advance(truth((0.004, 0.0, 0.005)))
    assert made.index == 0


def test_a_lane_can_be_that_of_a_thing_in_a_frame() -> None:
    watched = replace(IN, lane_m=0.003, lane=("cable", "clip"))
    made = ScriptedHand(ARM, (ABOVE, watched), STEADY)
    clip, seen = transform(rot_z(np.pi / 2), [0.3, 0.1, 0.0]), truth((0.001, 0, 0.02))
    for sideways, index in ((0.002, 1), (0.004, 0)):  # the tool stays where the first waypoint is reached
        cable = clip @ transform(np.eye(3), [0.0, sideways, 0.05])
        made.advance(replace(seen, poses=seen.poses | {"cable": cable, "clip": clip}))
        assert made.index == index


def test_it_opens_again_where_it_would_close_on_nothing() -> None:
    around = replace(ABOVE, gripper=1.0)
    grasped = replace(around, tolerance_m=0.004, gripper=-1.0, dwell_steps=3)
    made = ScriptedHand(ARM, (around, grasped, IN), STEADY)
    seen = []
    for off in (0.001, 0.003, 0.005, 0.003, 0.001, 0.001):  # where the fingers are around the object
        made.advance(truth((off, 0, 0.02)))
        seen.append((made.index, made.waypoint.gripper))
    assert seen == [(1, -1.0), (1, -1.0), (0, 1.0), (0, 1.0), (1, -1.0), (1, -1.0)]


def test_it_dwells_where_the_waypoint_says_so() -> None:
    made = ScriptedHand(ARM, (IN, ABOVE), STEADY)
    seen = []
    for _ in range(4):
        made.advance(truth((0, 0, -0.03)))
        seen.append(made.index)
    assert seen == [0, 0, 1, 1]


def test_it_pauses_now_and_then() -> None:
    made = hand(replace(STEADY, pause_probability=0.3))
    idle = [not made.deflection(truth((0.05, 0, 0.02)))[0].any() for _ in range(100)]
    assert 20 < sum(idle) < 80


def test_it_brakes_for_what_is_still_coming() -> None:
    made = hand(replace(STEADY, anticipation_s=0.1))
    made.deflection(truth((0.008, 0, 0.02), step=0))
    axes, _ = made.deflection(truth((0.004, 0, 0.02), step=1))  # 4 mm a step, 4 mm to go
    assert axes[0] == pytest.approx(0.0, abs=1e-6)


def test_one_seed_one_hand() -> None:
    def trace(seed: int) -> np.ndarray:
        made = hand(HandConfig(), seed)
        return np.stack([made.deflection(truth((0.03, 0.01, 0.02), step=t))[0] for t in range(30)])

    np.testing.assert_array_equal(trace(4), trace(4))
    assert np.abs(trace(4) - trace(5)).max() > 0.01
    assert np.abs(trace(4)).max() <= 1.0
