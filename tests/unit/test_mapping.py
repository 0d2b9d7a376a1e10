"""From hands to tool: dead zone, scale, signs, frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.core.se3 import exp_so3, rot_z, transform
from robot.core.types import TeleopCommand
from robot.rig import HandMapping
from teleop.device import Reading
from teleop.mapping import stretch, to_command

AXIS = st.floats(-1, 1)
SIX = st.lists(AXIS, min_size=6, max_size=6)
TURN = st.lists(st.floats(-3, 3), min_size=3, max_size=3)
FRAMES = st.sampled_from(["tool", "base", "camera"])
DOWN = transform(exp_so3([np.pi, 0, 0]), [0.4, 0, 0.3])  # a gripper that points at the table


def command(axes: list[float], mapping: HandMapping, T: np.ndarray = DOWN) -> TeleopCommand:
    return to_command(Reading(np.array(axes, np.float32), engaged=True, gripper=0.5), mapping, "arm", T, 7)


@given(AXIS, st.floats(0, 0.5))
def test_the_dead_zone_is_flat_continuous_and_reaches_full_scale(axis: float, dead_zone: float) -> None:
    value, nearby = stretch([axis, axis + 1e-6], dead_zone)
    assert abs(nearby - value) <= 1e-6 / (1 - dead_zone) + 1e-12
    assert value == 0.0 if abs(axis) <= dead_zone else np.sign(value) == np.sign(axis)
    np.testing.assert_allclose(stretch([-1.0, 1.0], dead_zone), [-1, 1])


@given(SIX, TURN, FRAMES, st.floats(-3, 3))
def test_turning_into_the_tools_frame_keeps_the_length(
    axes: list[float], turn: list[float], frame: str, yaw: float
) -> None:
    small = HandMapping(frame, yaw, dead_zone=0.0, translation=0.5, rotation=0.5)  # type: ignore[arg-type]
    got = command(axes, small, transform(exp_so3(turn), np.zeros(3))).axes.reshape(2, 3)
    want = 0.5 * np.linalg.norm(np.reshape(axes, (2, 3)), axis=1)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), want, atol=1e-6)


@given(SIX, TURN, FRAMES)
def test_what_comes_out_is_within_one_and_keeps_its_direction(
    axes: list[float], turn: list[float], frame: str
) -> None:
    T = transform(exp_so3(turn), np.zeros(3))
    full = command(axes, HandMapping(frame, 0.7, dead_zone=0.0), T).axes  # type: ignore[arg-type]
    low = HandMapping(frame, 0.7, dead_zone=0.0, translation=0.5, rotation=0.5)  # type: ignore[arg-type]
    half = command(axes, low, T).axes
    assert np.abs(full).max() <= 1.0
    for a, b in zip(full.reshape(2, 3), half.reshape(2, 3), strict=True):
        np.testing.assert_allclose(np.cross(a, b), 0, atol=1e-6)
        assert a @ b >= 0


@given(SIX, FRAMES)
def test_released_hands_are_exact_zeros(axes: list[float], frame: str) -> None:
    reading = Reading(np.array(axes, np.float32), engaged=False, gripper=1.0)
    got = to_command(reading, HandMapping(frame), "arm", DOWN, 7)  # type: ignore[arg-type]
    assert not got.axes.any()
    assert (got.gripper, got.engaged, got.lost, got.arm, got.stamp_ns) == (0.0, False, False, "arm", 7)


@pytest.mark.parametrize(
    ("mapping", "want"),
    [
        (HandMapping("tool"), [1, 0, 0]),
        (HandMapping("base"), [1, 0, 0]),  # x is the axis the tool was tipped over
        (HandMapping("camera", camera_yaw_rad=np.pi / 2), [0, -1, 0]),  # base y, and tool y points away
        (HandMapping("tool", signs=(-1, 1, 1, 1, 1, 1)), [-1, 0, 0]),
        (HandMapping("tool", translation=0.3), [0.3, 0, 0]),
    ],
)
def test_a_push_forward(mapping: HandMapping, want: list[float]) -> None:
    got = command([1, 0, 0, 0, 0, 0], mapping)
    np.testing.assert_allclose(got.axes, [*want, 0, 0, 0], atol=1e-6)
    assert (got.gripper, got.engaged) == (0.5, True)


def test_up_is_up_in_the_base_frame_and_a_turn_follows_the_right_hand() -> None:
    yawed = DOWN @ transform(rot_z(0.4), np.zeros(3))
    got = command([0, 0, 1, 0, 0, 1], HandMapping("base"), yawed).axes
    np.testing.assert_allclose(got, [0, 0, -1, 0, 0, -1], atol=1e-6)  # the tool's z points down


@pytest.mark.parametrize(
    ("frame", "yaw", "want"), [("base", 0, [0, -1, 0]), ("camera", np.pi / 2, [1, 0, 0])]
)
def test_a_push_stays_where_the_person_points_when_the_tool_is_turned(
    frame: str, yaw: float, want: list[float]
) -> None:
    turned = transform(rot_z(np.pi / 2), np.zeros(3))  # tool x along base y
    got = command([1, 0, 0, 0, 0, 0], HandMapping(frame, yaw), turned)  # type: ignore[arg-type]
    np.testing.assert_allclose(got.axes[:3], want, atol=1e-6)
