"""The pan and its disc: what counts as flipped, and that a person can do it within the arm's limits."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest

from policies.actor import ActorNode
from policies.base import NoBase
from policies.plan import EpisodePlan
from policies.recorder import RecorderNode
from policies.replay.episode_store import EpisodeStore
from policies.tasks.flip import FLIP_STATE
from robot.core.host import LocalHost
from robot.core.se3 import Matrix, inverse, quat_xyzw, transform
from robot.core.types import Source
from robot.session.cell import twin_options
from robot.session.rigs import load_rig
from sim.cell import TwinCell
from sim.operational_space import MotionGains
from sim.scenes.flip import FlipScene
from sim.twin import Twin
from teleop.hands.swing_plan import SwingConfig
from teleop.intervention import ScriptedOperator
from teleop.nodes import ArbiterNode, SimulatedTeleop
from teleop.operator_config import OperatorConfig
from tests.graph.driving import GuardedTwin, rig_limits, steps_to_success

OVER = np.diag([1.0, -1.0, -1.0])


@pytest.fixture(scope="module")
def twin() -> Twin:
    return Twin(FlipScene(), gains={"arm": MotionGains()})


def put(twin: Twin, position_m: list[float], rotation: Matrix) -> None:
    """The disc at rest at a place in the pan's frame."""
    T_base_pan = twin.scene.poses(twin.model, twin.data)["pan"]
    T = T_base_pan @ transform(rotation, position_m)
    joint = twin.data.joint("disc")
    joint.qpos[:] = [*T[:3, 3], *np.roll(quat_xyzw(T[:3, :3]), 1)]
    joint.qvel[:] = 0.0
    mujoco.mj_forward(twin.model, twin.data)


def success(twin: Twin) -> bool:
    return twin.scene.success(twin.model, twin.data)


def test_the_disc_starts_anywhere_on_the_floor_and_stays_there(twin: Twin) -> None:
    places = []
    for seed in range(8):
        twin.reset(seed)
        twin.rest(0.2)
        poses = twin.scene.poses(twin.model, twin.data)
        T = inverse(poses["pan"]) @ poses["disc"]
        places.append(T[:3, 3])
        assert T[2, 2] > 0.999
        assert not success(twin)
    assert np.abs(np.array(places)[:, :2]).max() < 0.031
    assert (np.ptp(places, axis=0)[:2] > 0.02).all()
    np.testing.assert_allclose(np.array(places)[:, 2], 0.004, atol=0.001)


def test_turned_over_and_at_rest_is_success(twin: Twin) -> None:
    twin.reset(0)
    put(twin, [0.01, 0.0, 0.004], OVER)
    twin.rest(0.2)
    assert success(twin)


def test_turned_over_in_the_air_or_beside_the_pan_or_moving_is_none(twin: Twin) -> None:
    twin.reset(0)
    for place in ([0.0, 0.0, 0.03], [0.0, 0.1, 0.004], [0.2, 0.0, 0.004]):
        put(twin, place, OVER)
        assert not success(twin), place
    put(twin, [0.0, 0.0, 0.004], OVER)
    for velocity in ([0, 0.1, 0, 0, 0, 0], [0, 0, 0, 4.0, 0, 0]):
        twin.data.joint("disc").qvel[:] = velocity
        mujoco.mj_forward(twin.model, twin.data)
        assert not success(twin), velocity


def test_leaning_on_the_far_wall_is_none(twin: Twin) -> None:
    twin.reset(0)
    cosine, sine = np.cos(2.4), np.sin(2.4)  # 137 degrees
    put(twin, [0.07, 0.0, 0.02], np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]))
    assert not success(twin)


def test_where_the_disc_will_soon_be_is_where_it_goes(twin: Twin) -> None:
    twin.reset(0)
    twin.data.joint("disc").qvel[:] = [0.1, 0.2, 0.0, 0.0, 0.0, 1.0]  # m/s in the world, rad/s in the disc
    mujoco.mj_forward(twin.model, twin.data)
    poses = twin.scene.poses(twin.model, twin.data)
    step = inverse(poses["disc"]) @ poses["disc_soon"]
    np.testing.assert_allclose((poses["disc_soon"] - poses["disc"])[:3, 3], [0.01, 0.02, 0.0], atol=1e-6)
    np.testing.assert_allclose(step[:2, 0], [np.cos(0.1), np.sin(0.1)], atol=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_person_flips_it_through_the_safety_layer(seed: int) -> None:
    guarded = GuardedTwin(FlipScene(), FLIP_STATE)
    steps = steps_to_success(guarded, FLIP_STATE, seed)
    assert steps is not None
    assert steps > 5  # nobody flips it without a swing


def test_the_pan_stays_off_the_table_whatever_is_asked() -> None:
    guarded = GuardedTwin(FlipScene(), FLIP_STATE)
    for forward in (1.0, -1.0):
        guarded.reset(0)
        for _ in range(12):
            guarded.step([forward, 0, 1, 0, -1, 0])  # down, the far wall first
        for _ in range(4):
            guarded.step([-forward, 0, 1, 0, -1, 0])
        assert not guarded.arm.stopped
        assert guarded.twin.scene.poses(guarded.twin.model, guarded.twin.data)["pan"][2, 3] < 0.15
        table = guarded.twin.model.geom("table").id
        assert table not in guarded.twin.data.contact.geom


def test_the_stiff_controller_stays_close_where_the_compliant_one_drags_behind() -> None:
    lags = {}
    for name, gains in (("motion", {"arm": MotionGains()}), ("impedance", None)):
        twin = Twin(FlipScene(), gains=gains)
        twin.reset(0)
        body, worst = twin.arms["arm"], 0.0
        for k in range(30):
            T = body.reference.copy()
            T[1, 3] += 0.01 * 0.7 * min(1.0, k / 10)  # up to 0.7 m/s, at 7 m/s2
            twin.advance(T, 0.01)
            worst = max(worst, float(np.linalg.norm(T[:3, 3] - twin.state().T_base_tcp[:3, 3])))
        lags[name] = worst
    assert lags["motion"] < 0.006, lags
    assert lags["impedance"] > 0.03, lags


def test_a_supervisor_flips_what_an_idle_policy_leaves_lying(tmp_path: Path) -> None:
    config = OperatorConfig("when_needed", swing=SwingConfig(patience_steps=6))
    operator = ScriptedOperator(FLIP_STATE.action.arms[0], FLIP_STATE, config)
    plan = EpisodePlan("train", 0, 4, episodes=3)
    actor = ActorNode(FLIP_STATE, NoBase(3), None, None, plan, threaded=False)
    drivers = twin_options(load_rig(FLIP_STATE.rig), FLIP_STATE)
    cell = TwinCell(FLIP_STATE, rig_limits(FLIP_STATE), drivers=drivers)
    LocalHost([cell, SimulatedTeleop(operator), ArbiterNode(FLIP_STATE), RecorderNode(tmp_path), actor]).run()
    episodes = list(EpisodeStore(tmp_path).read_all("train"))
    assert sum(e.success for e in episodes) >= 2
    for episode in episodes:
        human = np.asarray(episode.source) == Source.HUMAN
        assert not human[:6].any()
        assert human[8:14].all()
