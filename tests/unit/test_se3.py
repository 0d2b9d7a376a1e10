"""Rotations and poses: inverses undo each other, also at pi, and the conventions are the documented ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from robot.core import se3

PURE = settings(deadline=None, max_examples=100)

HALF = np.sqrt(0.5)
AXES = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
VECTORS = st.tuples(*[st.floats(-2, 2)] * 3)
# Angles of interest lie at both ends, so they are drawn often.
ANGLES = st.one_of(
    st.floats(0, np.pi),
    st.floats(0, 1e-6),
    st.floats(0, 1e-6).map(lambda d: np.pi - d),
    st.sampled_from([0.0, 1e-9, np.pi / 2, np.pi]),
)


def rotvec(axis: tuple[float, ...], angle: float) -> np.ndarray:
    return np.asarray(axis) / np.linalg.norm(axis) * angle


rotations = st.builds(lambda a, b: se3.exp_so3(rotvec(a, b)), AXES, ANGLES)
poses = st.builds(se3.transform, rotations, VECTORS)


@PURE
@given(AXES, ANGLES)
@example((1.0, 0.0, 0.0), np.pi)
def test_exp_is_a_rotation_that_log_undoes(axis: tuple[float, ...], angle: float) -> None:
    w = rotvec(axis, angle)
    R = se3.exp_so3(w)
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(R) == pytest.approx(1.0)
    back = se3.log_so3(R)
    assert np.linalg.norm(back) <= np.pi + 1e-12
    np.testing.assert_allclose(se3.exp_so3(back), R, atol=1e-9)
    if angle < np.pi - 1e-7:  # at pi both signs of the axis are the same rotation
        np.testing.assert_allclose(back, w, atol=1e-9)


@PURE
@given(poses)
def test_inverse_undoes_a_pose(T: np.ndarray) -> None:
    np.testing.assert_allclose(se3.inverse(T) @ T, np.eye(4), atol=1e-9)
    np.testing.assert_allclose(T[3], [0, 0, 0, 1])


@PURE
@given(rotations)
def test_quaternion_and_rot6d_round_trips(R: np.ndarray) -> None:
    q = se3.quat_xyzw(R)
    assert np.linalg.norm(q) == pytest.approx(1.0)
    assert q[3] >= 0
    np.testing.assert_allclose(se3.from_quat_xyzw(q), R, atol=1e-9)
    np.testing.assert_allclose(se3.from_rot6d(se3.rot6d(R)), R, atol=1e-9)


@PURE
@given(VECTORS, VECTORS)
def test_any_two_independent_vectors_become_a_rotation(a: tuple, b: tuple) -> None:
    assume(np.linalg.norm(np.cross(a, b)) > 1e-3)
    R = se3.from_rot6d([*a, *b])
    np.testing.assert_allclose(R.T @ R, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(np.cross(R[:, 0], a), 0, atol=1e-6)  # the first keeps its direction


@PURE
@given(poses, poses)
def test_difference_leads_from_one_pose_to_the_other_in_the_base_frame(T: np.ndarray, U: np.ndarray) -> None:
    step, turn = se3.difference(T, U)
    np.testing.assert_allclose(T[:3, 3] + step, U[:3, 3], atol=1e-9)
    np.testing.assert_allclose(se3.exp_so3(turn) @ T[:3, :3], U[:3, :3], atol=1e-9)


def test_conventions_against_hand_computed_numbers() -> None:
    quarter = se3.rot_z(np.pi / 2)
    np.testing.assert_allclose(quarter @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(se3.quat_xyzw(quarter), [0, 0, HALF, HALF], atol=1e-12)  # w is last
    np.testing.assert_allclose(se3.from_quat_xyzw([1, 0, 0, 0]), np.diag([1, -1, -1]), atol=1e-12)
    np.testing.assert_allclose(se3.from_quat_xyzw([0, 0, 2, 2]), quarter, atol=1e-12)  # normalised
    np.testing.assert_allclose(se3.rot6d(quarter), [0, 1, 0, -1, 0, 0], atol=1e-12)  # columns, not rows
    np.testing.assert_allclose(se3.skew([1, 2, 3]) @ [4, 5, 6], np.cross([1, 2, 3], [4, 5, 6]))


@pytest.mark.parametrize("axis", np.eye(3).tolist())
def test_half_turns_about_each_axis(axis: list[float]) -> None:
    w = se3.log_so3(2 * np.outer(axis, axis) - np.eye(3))
    np.testing.assert_allclose(np.abs(w), np.pi * np.asarray(axis), atol=1e-12)
