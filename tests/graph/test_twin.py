"""The twin against independent kinematics, its controller's physics, and its two scenes."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from policies.tasks.lift import LIFT
from policies.tasks.peg_insert import PEG_INSERT
from robot.cell_config import TwinConfig
from robot.core.se3 import Matrix, difference, inverse, log_so3, rot_z, transform
from sim.rendering import Renderer
from sim.scenes import SCENES
from sim.scenes.lift import LiftScene
from sim.scenes.peg_insert import PegInsertScene
from sim.scenes.scene import HOME_Q
from sim.twin import Twin
from tests.graph.driving import GuardedTwin, steps_to_success

QUIET = TwinConfig(wrench_noise_n=0.0)
FORWARD, DOWN, TURN = np.eye(6)[[0, 2, 5]]  # full deflections; tool z points to the floor
# Franka Research 3, modified Denavit-Hartenberg: a_(i-1) m, d_i m, alpha_(i-1) rad.
DH = [
    (0.0, 0.333, 0.0),
    (0.0, 0.0, -np.pi / 2),
    (0.0, 0.316, np.pi / 2),
    (0.0825, 0.0, np.pi / 2),
    (-0.0825, 0.384, -np.pi / 2),
    (0.0, 0.0, np.pi / 2),
    (0.088, 0.0, np.pi / 2),
]
Q_MIN = [-2.7437, -1.7837, -2.9007, -3.0421, -2.8065, 0.5445, -3.0159]
Q_MAX = [2.7437, 1.7837, 2.9007, -0.1518, 2.8065, 4.5169, 3.0159]


@pytest.fixture
def guarded() -> GuardedTwin:
    made = GuardedTwin(PegInsertScene(), PEG_INSERT, QUIET)
    made.reset(3)
    return made


@pytest.fixture
def twin(guarded: GuardedTwin) -> Twin:
    return guarded.twin


def tip_in_socket(twin: Twin) -> Matrix:
    poses = twin.scene.poses(twin.model, twin.data)
    return inverse(poses["socket"]) @ poses["tool"]


def forward(q: np.ndarray) -> Matrix:
    """Modified DH (Craig): turn about x, along x, about z, along z; then flange, hand and finger tips."""
    T = np.eye(4)
    for (a, d, alpha), angle in zip(DH, q, strict=True):
        c, s, ca, sa = np.cos(angle), np.sin(angle), np.cos(alpha), np.sin(alpha)
        T = T @ [
            [c, -s, 0, a],
            [s * ca, c * ca, -sa, -d * sa],
            [s * sa, c * sa, ca, d * ca],
            [0, 0, 0, 1],
        ]
    return T @ transform(rot_z(-np.pi / 4), [0, 0, 0.107 + 0.1034])


def test_forward_kinematics_is_the_fr3s(twin: Twin) -> None:
    rng = np.random.default_rng(0)
    for q in [HOME_Q, *rng.uniform(Q_MIN, Q_MAX, (50, 7))]:
        twin.data.qpos[:7] = q
        mujoco.mj_kinematics(twin.model, twin.data)
        site = twin.data.site("tcp")
        np.testing.assert_allclose(transform(site.xmat.reshape(3, 3), site.xpos), forward(q), atol=1e-6)


def test_joint_and_torque_limits_are_the_fr3s(twin: Twin) -> None:
    # The mechanical limits lie a few milliradians outside the ones its control interface accepts.
    outside = twin.model.jnt_range[:7] * [-1, 1] - np.stack([Q_MIN, Q_MAX], 1) * [-1, 1]
    assert outside.min() >= 0
    assert outside.max() < 0.01
    np.testing.assert_array_equal(twin.model.actuator_ctrlrange[:7, 1], [87, 87, 87, 87, 12, 12, 12])


def test_it_holds_its_pose(guarded: GuardedTwin) -> None:
    before = guarded.state().T_base_tcp
    for _ in range(30):
        guarded.rest(1)
        moved, turned = difference(before, guarded.state().T_base_tcp)
        assert np.linalg.norm(moved) < 0.001
        assert np.linalg.norm(turned) < 0.005


def test_a_step_settles_at_its_reference_without_much_overshoot(guarded: GuardedTwin) -> None:
    start = guarded.state().T_base_tcp
    guarded.step(FORWARD)
    travelled = [difference(start, guarded.state().T_base_tcp)[0][0]]
    for _ in range(14):
        guarded.rest(1)
        travelled.append(difference(start, guarded.state().T_base_tcp)[0][0])
    assert max(travelled) < 0.0095
    np.testing.assert_allclose(travelled[8:], 0.008, atol=0.0003)


def test_a_turn_settles_at_its_reference(guarded: GuardedTwin) -> None:
    start = guarded.state().T_base_tcp
    guarded.step(TURN)
    guarded.rest(12)
    turned = log_so3(start[:3, :3].T @ guarded.state().T_base_tcp[:3, :3])
    np.testing.assert_allclose(turned, [0, 0, 0.08], atol=0.004)


def test_a_push_is_bounded_by_the_spring_and_felt_from_the_environment(guarded: GuardedTwin) -> None:
    free = [guarded.state().wrench[:3]]
    for _ in range(30):
        guarded.step(DOWN)
        free.append(guarded.state().wrench[:3])
    assert np.abs(free[0]).max() < 0.1  # tared
    assert tip_in_socket(guarded.twin)[2, 3] > -0.001  # it stands on the socket's rim, beside the mouth
    pushes = np.array(free[-5:])
    np.testing.assert_allclose(pushes[:, 2], -2000 * 0.008, atol=1.0)  # up, so against tool z
    assert np.abs(free).max() < 40  # also at the impact: below what the twin rig gives way at


def test_a_push_to_the_side_is_felt_on_its_axis(guarded: GuardedTwin) -> None:
    assert steps_to_success(guarded, PEG_INSERT, 0)
    for _ in range(10):
        guarded.step(FORWARD)
    assert -18 < guarded.state().wrench[0] < -10
    for _ in range(20):
        guarded.step(-FORWARD)
    assert 10 < guarded.state().wrench[0] < 18


def test_resets_stay_in_their_ranges_and_use_them(twin: Twin) -> None:
    sockets, starts = [], []
    for seed in range(40):
        twin.reset(seed)
        poses = twin.scene.poses(twin.model, twin.data)
        for kept, pose in ((sockets, poses["socket"]), (starts, poses["tool"])):
            kept.append([*pose[:3, 3], np.arctan2(pose[1, 0], pose[0, 0])])
        assert not twin.scene.success(twin.model, twin.data)
    middle, slack = [0.5, 0.0, 0.03, 0.0], 0.001
    off = np.abs(np.array(sockets) - middle)
    assert np.all(off <= np.array([0.02, 0.02, 0, np.deg2rad(10)]) + 1e-9)
    tips = np.abs(np.array(starts) - middle - [0, 0, 0.055, 0])
    assert np.all(tips <= np.array([0.02, 0.02, 0.01, np.deg2rad(10)]) + slack)
    assert np.all(off.max(0)[[0, 1, 3]] > [0.015, 0.015, 0.13])


@pytest.mark.parametrize(
    ("scene", "wider_m"), [("peg_insert", 1e-3), ("peg_insert_0_5mm", 0.5e-3), ("peg_insert_0_2mm", 0.2e-3)]
)
def test_the_mouth_is_wider_than_the_peg_by_its_clearance(scene: str, wider_m: float) -> None:
    twin = Twin(SCENES.load(scene)())
    twin.reset(3)
    T, hit = twin.scene.poses(twin.model, twin.data)["socket"], np.zeros(1, np.int32)
    peg = 2 * twin.model.geom("peg").size[0]
    for axis in (T[:3, 0], T[:3, 1]):
        centre = T[:3, 3] - 0.015 * T[:3, 2]
        width = sum(mujoco.mj_ray(twin.model, twin.data, centre, s * axis, None, 1, -1, hit) for s in (1, -1))
        assert width - peg == pytest.approx(wider_m, rel=0.1)


def test_success_is_a_peg_deep_inside(guarded: GuardedTwin) -> None:
    assert steps_to_success(guarded, PEG_INSERT, 1)
    twin = guarded.twin
    assert tip_in_socket(twin)[2, 3] < -0.025
    for shift in ([0.05, 0, 0], [0, 0, -0.012]):  # the socket elsewhere; the peg not deep enough
        twin.data.mocap_pos[0] += shift
        mujoco.mj_forward(twin.model, twin.data)
        assert not twin.scene.success(twin.model, twin.data)
        twin.data.mocap_pos[0] -= shift


def test_the_operator_lifts() -> None:
    guarded = GuardedTwin(LiftScene(), LIFT)
    needed = [steps_to_success(guarded, LIFT, seed) for seed in range(3)]
    assert None not in needed, needed
    twin = guarded.twin
    cube = twin.scene.poses(twin.model, twin.data)
    assert cube["cube"][2, 3] - cube["cube_rest"][2, 3] > 0.06


def trace(seed: int) -> tuple[np.ndarray, np.ndarray]:
    guarded = GuardedTwin(PegInsertScene(), PEG_INSERT, TwinConfig(image_noise=2.0))
    guarded.reset(seed)
    twin = guarded.twin
    renderer = Renderer(twin.model, (64, 64))
    states, images = [], []
    for _ in range(5):
        guarded.step(DOWN)
        state = twin.state()
        states.append(np.concatenate([state.q, state.dq, state.tau, state.twist, state.wrench]))
        images += [twin.noisy_image(renderer.draw(twin.data, c)) for c in PEG_INSERT.cameras]
    renderer.close()
    return np.stack(states), np.stack(images)


def test_one_seed_one_world_to_the_bit() -> None:
    first, again, other = trace(5), trace(5), trace(6)
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()
