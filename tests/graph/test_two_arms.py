"""Two arms in one twin: each moves by its own command, and what befalls one holds both."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policies.actor import ActorNode
from policies.base import NoBase
from policies.plan import EpisodePlan
from policies.recorder import RecorderNode
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.tasks.handover import HANDOVER_STATE
from robot.cell_config import CellConfig, Fault, TwinConfig
from robot.core import topics
from robot.core.host import LocalHost
from robot.core.types import Action, EpisodeStart, RobotState, Source
from robot.safety.reason import Reason
from sim.cell import TwinCell
from sim.mounts import mounts
from sim.scenes.handover import HandoverScene
from sim.twin import Twin
from teleop.intervention import ScriptedOperator
from teleop.nodes import ArbiterNode, SimulatedTeleop
from teleop.operator_config import OperatorConfig
from tests.graph.driving import rig_limits

TASK, ARMS = HANDOVER_STATE, ("left", "right")
QUIET = TwinConfig(wrench_noise_n=0.0)


class Bench:
    """A cell in lockstep, with what it published kept."""

    def __init__(self) -> None:
        self.sent: dict[str, list[Any]] = {}
        self.cell = TwinCell(TASK, rig_limits(TASK))
        self.cell.publish = lambda topic, message: self.sent.setdefault(topic.name, []).append(message)
        self.cell.on(topics.EPISODE_START, EpisodeStart(0, 4, 9))

    def command(self, value: np.ndarray) -> None:
        zero, stamp = np.zeros(TASK.action.size, np.float32), self.executed[-1].stamp_ns
        self.cell.on(topics.COMMAND, Action(stamp, value.astype(np.float32), zero, zero))

    @property
    def executed(self) -> list[Action]:
        return self.sent[topics.EXECUTED.name]

    def states(self, arm: str) -> list[RobotState]:
        return self.sent[topics.arm_state(arm).name]

    def moved(self, arm: str) -> np.ndarray:
        """[4] since the reset: m in the arm's base frame, and the gripper's width."""
        first, last = self.states(arm)[0], self.states(arm)[-1]
        width = last.gripper_width - first.gripper_width
        return np.r_[last.T_base_tcp[:3, 3] - first.T_base_tcp[:3, 3], width]


@pytest.mark.parametrize(("arm", "other"), [ARMS, ARMS[::-1]])
def test_an_arms_command_moves_that_arm_alone(arm: str, other: str) -> None:
    bench, value = Bench(), np.zeros(TASK.action.size)
    start = TASK.action.slice_of(arm).start
    value[start], value[TASK.action.slice_of(arm).stop - 1] = (
        0.5,
        -0.5,
    )  # x forward from its own base, and close
    for k in range(8):
        bench.command(value if k < 3 else 0 * value)
    np.testing.assert_allclose(bench.moved(arm), [0.018, 0, 0, -0.06], atol=0.002)
    np.testing.assert_allclose(bench.moved(other), np.zeros(4), atol=0.0005)
    np.testing.assert_array_equal(bench.executed[3].value, value.astype(np.float32))
    assert [len(bench.states(a)) for a in ARMS] == [9, 9]


def test_every_state_is_in_its_own_arms_base_frame() -> None:
    twin = Twin(HandoverScene(), QUIET, ARMS)
    twin.reset(2)
    poses = twin.scene.poses(twin.model, twin.data)
    for mount in mounts(ARMS):
        T = twin.state(arm=mount.arm).T_base_tcp
        assert 0.43 < T[0, 3] < 0.47
        np.testing.assert_allclose(mount.T_world_base @ T, poses[f"{mount.arm}/tool"], atol=1e-9)


def test_jacobian_and_twist_are_in_the_base_frame_and_time_waits_for_both_references() -> None:
    twin = Twin(HandoverScene(), QUIET, ARMS)
    twin.reset(2)
    target = twin.arms["right"].reference.copy()
    target[:3, 3] += [0.01, 0.005, 0.0]
    twin.advance(target, 0.05, arm="right")
    assert twin.stamp_ns == 0
    twin.advance(twin.arms["left"].reference, 0.05, arm="left")
    assert twin.stamp_ns == 50_000_000
    state = twin.state(arm="right")
    assert state.jacobian is not None
    assert state.twist[0] > 0.02
    np.testing.assert_allclose(state.jacobian @ state.dq, state.twist, atol=0.003)  # a tick apart


def test_each_arm_feels_what_pushes_it_and_nothing_else() -> None:
    twin = Twin(HandoverScene(), QUIET, ARMS)
    twin.reset(2)
    twin.data.xfrc_applied[twin.model.body("right_hand").id, 0] = 5.0  # along world x: the right tool's -x
    twin.rest(0.4)
    np.testing.assert_allclose(twin.state(arm="right").wrench[:3], [-5, 0, 0], atol=0.5)
    np.testing.assert_allclose(twin.state(arm="left").wrench[:3], np.zeros(3), atol=0.2)


def test_an_arm_alone_stands_where_it_always_did() -> None:
    (alone,) = mounts(("arm",))
    np.testing.assert_array_equal(alone.T_world_base, np.eye(4))
    assert alone.prefix == ""


def test_more_than_two_stand_on_the_ring() -> None:
    ring = mounts(("a", "b", "c"))
    forward = [m.T_world_base[:3, 3] + 0.62 * m.T_world_base[:3, 0] for m in ring]
    np.testing.assert_allclose(forward, [forward[0]] * 3, atol=1e-12)  # all look at one point
    assert [m.prefix for m in ring] == ["a_", "b_", "c_"]


def play(tmp_path: Path, *faults: Fault, episodes: int = 1, steps: int = 12) -> list[Episode]:
    """The operator's two hands drive all the time."""
    task = replace(TASK, time_limit_steps=steps)
    cell = TwinCell(task, rig_limits(task), CellConfig(twin=TwinConfig(faults=faults)))
    hands = [ScriptedOperator(arm, task, OperatorConfig("always")) for arm in task.action.arms]
    plan = EpisodePlan("demo", 0, 9, episodes=episodes)
    actor = ActorNode(task, NoBase(task.action.size), None, None, plan, threaded=False)
    LocalHost([cell, SimulatedTeleop(*hands), ArbiterNode(task), actor, RecorderNode(tmp_path)]).run()
    store = EpisodeStore(tmp_path)
    return [store.read(i) for i in store.ids()]


@pytest.mark.parametrize("device", ["arm/left", "arm/right", "teleop/right"])
def test_what_befalls_one_arm_holds_both_and_cuts_the_episode(tmp_path: Path, device: str) -> None:
    cut, again = play(tmp_path, Fault(device, 0, 0.35, 0.5))
    assert [e.outcome.name for e in (cut, again)] == ["ABORTED", "TIME_LIMIT"]
    assert (cut.header.seed, again.header.seed) == (9, 9)
    assert len(cut) < 6
    assert cut.truncated[-1]
    assert not any(Reason.DEVICE_LOST in Reason(int(s)) for s in again.safety)
    assert (again.source == Source.HUMAN).mean() > 0.8


@pytest.mark.parametrize(("lost", "other"), [ARMS, ARMS[::-1]])
def test_the_other_arm_comes_to_rest_while_one_is_gone(lost: str, other: str) -> None:
    bench = Bench()
    cell = bench.cell
    for _ in range(3):
        bench.command(np.full(TASK.action.size, 0.5))
    guarded = {a.spec.arm: a for a in cell.control.arms}
    assert np.linalg.norm(guarded[other].twist) > 0.03
    cell._arms[lost].plugged_in = False
    moving = 0
    for _ in range(30):  # guard periods, without a command's end coming between
        cell.control.tick(cell.twin.stamp_ns)
        cell.twin.rest(0.01)
        moving += bool(guarded[other].twist.any())
    assert moving <= 10
    assert not guarded[other].twist.any()
    assert Reason.DEVICE_LOST in guarded[other].executed().reasons


def arrays(episode: Episode) -> Iterator[tuple[str, np.ndarray]]:
    for field in dataclasses.fields(episode):
        value = getattr(episode, field.name)
        if isinstance(value, np.ndarray):
            yield field.name, value
        elif isinstance(value, dict):
            yield from value.items()


def test_one_seed_gives_both_arms_the_same_episode_to_the_bit(tmp_path: Path) -> None:
    first, again = (play(tmp_path / run, steps=30)[0] for run in "ab")
    seen = dict(arrays(first))
    assert {"left/position", "right/position", "privileged/left/bar", "privileged/right/bar"} <= seen.keys()
    for name, value in arrays(again):
        np.testing.assert_array_equal(value, seen[name], err_msg=name)
