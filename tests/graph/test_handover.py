"""Handing a bar over: when it counts, and that the arms' boxes keep their hands apart."""

from __future__ import annotations

import itertools

import mujoco
import numpy as np
import pytest

from policies.tasks.handover import HANDOVER_STATE
from robot.core.se3 import rot_z, transform
from robot.session.rigs import load_rig
from sim.impedance import inverse_kinematics
from sim.mounts import RING_M
from sim.scenes.handover import HandoverScene
from sim.scenes.scene import HOME_Q, TOOL_DOWN
from sim.twin import Twin
from tests.graph.driving import GuardedTwin, steps_to_success

TASK = HANDOVER_STATE


@pytest.fixture(scope="module")
def done() -> GuardedTwin:
    """After a hand-over that succeeded."""
    made = GuardedTwin(HandoverScene(), TASK)
    assert steps_to_success(made, TASK, 0)
    return made


def succeeds(done: GuardedTwin) -> bool:
    return done.twin.scene.success(done.twin.model, done.twin.data)


def test_the_right_hand_alone_holds_the_bar_at_its_own_end(done: GuardedTwin) -> None:
    twin = done.twin
    poses = twin.scene.poses(twin.model, twin.data)
    end = poses["bar"][:3, 3] + 0.12 * poses["bar"][:3, 0]
    assert np.linalg.norm(end - poses["right/tool"][:3, 3]) < 0.02
    assert np.linalg.norm(poses["bar"][:3, 3] - poses["left/tool"][:3, 3]) > 0.12
    assert abs(np.arcsin(poses["bar"][2, 0])) < np.deg2rad(5)  # it does not hang down from the grip


def test_it_counts_only_while_the_left_hand_is_open_and_away_and_the_bar_high(done: GuardedTwin) -> None:
    data = done.twin.data
    kept = data.qpos.copy()

    def with_joint(name: str, value: float | np.ndarray) -> bool:
        data.joint(name).qpos[:] = value
        mujoco.mj_forward(done.twin.model, data)
        result = succeeds(done)
        data.qpos[:] = kept
        mujoco.mj_forward(done.twin.model, data)
        return result

    assert succeeds(done)
    assert not with_joint("left_finger_left", 0.0)  # closed
    assert not with_joint("right_finger_left", 0.04)  # a finger lets go
    low = data.joint("bar").qpos.copy()
    low[2] = 0.012
    assert not with_joint("bar", low)


def test_it_does_not_count_while_both_hold_it() -> None:
    guarded = GuardedTwin(HandoverScene(away_m=0.0), TASK)  # else success would end before a hand is away
    far = GuardedTwin(HandoverScene(), TASK)
    early, late = (steps_to_success(g, TASK, 3) for g in (guarded, far))
    assert early is not None
    assert late is not None
    assert late - early >= 4  # steps in which the right hand has it for itself


def forward_m(twin: Twin) -> float:
    """How far any part of the left arm reaches toward the other one, along its base's x."""
    model, data = twin.model, twin.data
    mine = [g for g in range(model.ngeom) if model.body(model.geom_bodyid[g]).name.startswith("left_")]
    assert len(mine) > 10
    toward = data.geom_xmat[mine][:, :3]  # the base's x in each geometry's own frame
    middle, half = model.geom_aabb[mine, :3], model.geom_aabb[mine, 3:]
    return float((data.geom_xpos[mine, 0] + (toward * middle + np.abs(toward) * half).sum(1)).max())


@pytest.mark.parametrize("height_m", [0.02, 0.15, 0.3])
def test_in_the_rigs_box_no_part_of_an_upright_arm_passes_the_middle(height_m: float) -> None:
    limits = load_rig("twin_two_arms").arms["left"].limits
    x, y_low, y_high = limits.workspace_high_m[0], limits.workspace_low_m[1], limits.workspace_high_m[1]
    twin, found = Twin(HandoverScene(), arms=TASK.arms), []
    twin.reset(0)
    for y, turn in itertools.product((y_low, 0.0, y_high), np.deg2rad(np.arange(-90, 91, 15))):
        joints = twin.arms["left"].joints
        twin.data.qpos[joints] = HOME_Q
        T = transform(TOOL_DOWN @ rot_z(turn), [x, y, height_m])
        inverse_kinematics(twin.model, twin.data, "left_tcp", joints, T)
        mujoco.mj_forward(twin.model, twin.data)
        found.append(forward_m(twin))
    assert max(found) < RING_M  # the right arm's is the same, seen from its own base
    assert max(found) > RING_M - 0.01  # and the box is as large as that allows
