"""An action fades in and out, and its length is exactly what was asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.action_motion import ActionMotion
from robot.core.se3 import exp_so3
from robot.core.spec import AXES, ArmActionSpec

SPEC = ArmActionSpec("arm", AXES, 0.01, 0.05)
PERIOD_S, GUARD_S = 0.1, 0.01
TICKS, FADING = 10, 7  # guard periods of an action, and those it comes to rest in
LEVEL = np.eye(3)
VALUES = st.lists(st.floats(-1.0, 1.0, width=32), min_size=6, max_size=6)


def motion() -> ActionMotion:
    return ActionMotion(SPEC, PERIOD_S, GUARD_S)


def take(moving: ActionMotion, value: list[float], ticks: int) -> np.ndarray:
    """[ticks, 6] twists from the action on."""
    moving.take(np.array(value, np.float32))
    return np.array([moving.next(LEVEL) for _ in range(ticks)])


@given(VALUES)
def test_the_twists_of_an_action_sum_to_its_length(value: list[float]) -> None:
    moved = take(motion(), value, TICKS + FADING).sum(axis=0) * GUARD_S
    np.testing.assert_allclose(moved, np.concatenate(SPEC.delta(np.float32(value))), atol=1e-12)


@given(st.lists(VALUES, min_size=2, max_size=5))
def test_so_do_those_of_several_in_a_row(values: list[list[float]]) -> None:
    moving = motion()
    moved = sum(take(moving, v, TICKS).sum(axis=0) for v in values) * GUARD_S
    moved += sum(moving.next(LEVEL) for _ in range(FADING)) * GUARD_S
    want = sum(np.concatenate(SPEC.delta(np.float32(v))) for v in values)
    np.testing.assert_allclose(moved, want, atol=1e-12)


def test_an_action_begins_with_its_own_period_and_ends_in_exact_rest() -> None:
    moving = motion()
    twists = take(moving, [1, 0, 0, 0, 0, 0], TICKS + FADING)
    assert twists[:, 0].all()
    assert not any(moving.next(LEVEL).any() for _ in range(TICKS))


def test_an_action_cut_short_by_the_next_leaves_nothing_behind() -> None:
    moving = motion()
    take(moving, [1, 0, 0, 0, 0, 0], 3)
    twists = take(moving, [0] * 6, TICKS + FADING)
    assert (twists[FADING:] == 0.0).all()


def test_dropped_means_rest_at_once() -> None:
    moving = motion()
    take(moving, [1, 0, 0, 0, 0, 0], 5)
    moving.drop()
    assert not moving.next(LEVEL).any()


@pytest.mark.parametrize("part", [slice(0, 3), slice(3, 6)])
def test_the_action_is_read_in_the_tools_frame(part: slice) -> None:
    R, moving = exp_so3([0.3, -0.5, 0.2]), motion()
    value = np.zeros(6, np.float32)
    value[part] = [0.25, -0.5, 1.0]
    moving.take(value)
    moved = sum(moving.next(R) for _ in range(TICKS + FADING)) * GUARD_S
    want = np.zeros(6)
    want[part] = R @ np.concatenate(SPEC.delta(value))[part]
    np.testing.assert_allclose(moved, want, atol=1e-12)
