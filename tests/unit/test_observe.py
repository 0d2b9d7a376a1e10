"""What a policy sees: poses relative to the start, privileged poses relative to the tool."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.tasks.peg_insert import PEG_INSERT, PEG_INSERT_STATE
from robot.core.se3 import Matrix, exp_so3, from_rot6d, inverse, transform
from robot.core.spec import ObservationSpec
from robot.core.types import Image, Observation, RobotState, Truth
from robot.observe import arm_vectors, observation, privileged_vectors

NUMBER = st.floats(-2, 2)
VECTOR = st.tuples(NUMBER, NUMBER, NUMBER)
POSE = st.builds(lambda r, p: transform(exp_so3(r), p), VECTOR, VECTOR)


def state(T_base_tcp: Matrix, twist: object = (0,) * 6, stamp_ns: int = 0) -> RobotState:
    zero, wrench = np.zeros(7, np.float32), np.arange(6, dtype=np.float32)
    speed = np.asarray(twist, np.float32)
    return RobotState(stamp_ns, "arm", zero, zero, zero, T_base_tcp, speed, wrench, 0.04)


def pose_of(vectors: dict[str, np.ndarray]) -> Matrix:
    return transform(from_rot6d(vectors["arm/rotation"]), vectors["arm/position"])


@given(POSE, POSE)
@settings(max_examples=40, deadline=None)
def test_start_times_relative_pose_is_the_pose(T_base_start: Matrix, T_base_tcp: Matrix) -> None:
    seen = pose_of(arm_vectors(state(T_base_tcp), T_base_start))
    np.testing.assert_allclose(T_base_start @ seen, T_base_tcp, atol=3e-6)


@given(POSE, POSE, POSE, VECTOR, VECTOR)
@settings(max_examples=40, deadline=None)
def test_the_same_motion_elsewhere_looks_the_same(
    T: Matrix, T_base_start: Matrix, T_base_tcp: Matrix, v: tuple, w: tuple
) -> None:
    here = arm_vectors(state(T_base_tcp, [*v, *w]), T_base_start)
    moved = [*(T[:3, :3] @ v), *(T[:3, :3] @ w)]
    there = arm_vectors(state(T @ T_base_tcp, moved), T @ T_base_start)
    for name in here:
        np.testing.assert_allclose(there[name], here[name], atol=1e-5)
        assert here[name].dtype == np.float32


@given(POSE)
@settings(max_examples=40, deadline=None)
def test_an_episode_starts_at_the_identity(T: Matrix) -> None:
    seen = arm_vectors(state(T), T)
    np.testing.assert_allclose(pose_of(seen), np.eye(4), atol=1e-6)
    np.testing.assert_array_equal(seen["arm/wrench"], np.arange(6))
    assert seen["arm/gripper"] == np.float32(0.04)


@given(POSE, POSE, POSE)
@settings(max_examples=40, deadline=None)
def test_privileged_poses_are_the_tools_view(T: Matrix, tool: Matrix, socket: Matrix) -> None:
    views = {f"privileged/{name}": ("tool", name) for name in ("socket", "tool")}
    here = privileged_vectors(Truth(0, 0, {"tool": tool, "socket": socket}), views)
    there = privileged_vectors(Truth(0, 0, {"tool": T @ tool, "socket": T @ socket}), views)
    vector = here["privileged/socket"]
    seen = transform(from_rot6d(vector[3:]), vector[:3])
    np.testing.assert_allclose(tool @ seen, socket, atol=3e-6)
    np.testing.assert_allclose(there["privileged/socket"], vector, atol=1e-5)
    np.testing.assert_allclose(here["privileged/tool"], [0, 0, 0, 1, 0, 0, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(seen, inverse(tool) @ socket, atol=1e-5)


def test_an_observation_is_stamped_by_its_newest_part_and_says_how_old_the_others_are() -> None:
    pixels = np.full((4, 4, 3), 9, np.uint8)
    arms, starts = {"arm": state(np.eye(4), stamp_ns=80_000_000)}, {"arm": np.eye(4)}
    seen = observation(arms, starts, {"wrist": Image(100_000_000, "wrist", pixels)}, {}, {})
    assert (seen.stamp_ns, seen.age_s) == (100_000_000, {"arm": 0.02, "wrist": 0.0})
    np.testing.assert_array_equal(seen.images["wrist"], pixels)


def test_where_an_episode_started_is_recorded_in_base() -> None:
    start = transform(np.diag([1.0, -1.0, -1.0]), [0.5, 0.1, 0.2])
    seen = observation({"arm": state(np.eye(4))}, {"arm": start}, {}, {}, {})
    recorded = seen.state["arm/start"]
    np.testing.assert_allclose(transform(from_rot6d(recorded[3:]), recorded[:3]), start, atol=1e-6)


def shapes(seen: Observation) -> ObservationSpec:
    policy = {name: vector for name, vector in seen.state.items() if not name.endswith("/start")}
    parts = (policy, seen.images, seen.features)
    return ObservationSpec(*({name: array.shape for name, array in part.items()} for part in parts))


def test_it_fits_the_tasks_spec() -> None:
    arms, starts = {"arm": state(np.eye(4))}, {"arm": np.eye(4)}
    size = PEG_INSERT.image_size
    images = {c: Image(0, c, np.zeros((size, size, 3), np.uint8)) for c in PEG_INSERT.cameras}
    assert shapes(observation(arms, starts, images, {}, {})) == PEG_INSERT.rig_spec(None).observation
    truth = Truth(0, 0, {"tool": np.eye(4), "socket": np.eye(4)})
    privileged = privileged_vectors(truth, PEG_INSERT_STATE.privileged_views)
    seen = observation(arms, starts, {}, {}, privileged)
    assert shapes(seen) == PEG_INSERT_STATE.rig_spec(None).observation
