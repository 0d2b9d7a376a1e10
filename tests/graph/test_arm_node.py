"""The arm node of a real cell, with the twin's arm behind its driver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from policies.tasks.peg_insert import PEG_INSERT_STATE
from robot.core import topics
from robot.core.errors import DeviceError
from robot.core.se3 import transform
from robot.core.topics import Topic
from robot.core.types import Action, DeviceHealth, EpisodeStart, Event, Key, Source, SpeedScale
from robot.guarded_arm import GuardedArm
from robot.nodes.arm import ArmNode
from robot.nodes.operator_judge import OperatorJudge
from robot.rig_control import RigControl
from robot.safety.reason import Reason
from sim.arm import TwinArm
from sim.scenes.scene import TOOL_DOWN
from sim.twin import make_twin
from tests.graph.driving import twin_limits

TASK = PEG_INSERT_STATE
HOME = transform(TOOL_DOWN, [0.51, 0.01, 0.13])
ZERO = np.zeros(4, np.float32)


class Cell:
    """The node, ticked on the twin's time, and what it published by topic."""

    def __init__(self, unattended: bool = False) -> None:
        self.twin = make_twin(TASK)
        self.twin.reset(3)
        self.driver = TwinArm("arm", world=self.twin)
        arm = GuardedArm(self.driver, TASK.action.arms[0], twin_limits(TASK), 0.1, 0.01)
        self.node = ArmNode(RigControl([arm]), {"arm": HOME}, 0.1, 0.01, unattended)
        self.node.publish = self._keep
        self.sent: dict[str, list[Any]] = {t.name: [] for t in self.node.outputs}
        self.node.start()

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            now = self.twin.stamp_ns
            self.node.tick(now)
            if self.twin.stamp_ns == now:
                self.driver.rest()

    def begin(self) -> None:
        """An episode, once a person has said go and the arm is at its start."""
        self.node.on(topics.EPISODE_START, EpisodeStart(0, 7, 9))
        self.node.on(topics.EVENT, Event(0, Key.CLEAR))
        while not self.states:
            self.run(1)

    def command(self, x: float, **other: Any) -> None:
        action = Action(self.states[-1].stamp_ns, np.array([x, 0, 0, 0], np.float32), ZERO, ZERO)
        self.node.on(topics.COMMAND, replace(action, **other))

    @property
    def states(self) -> list[Any]:
        return [s for s in self.of(topics.arm_state("arm")) if s.episode_id == 7]

    @property
    def executed(self) -> list[Action]:
        return self.of(topics.EXECUTED)

    def of(self, topic: Topic) -> list[Any]:
        return self.sent[topic.name]

    def _keep(self, topic: Topic, message: Any) -> None:
        self.sent[topic.name].append(message)


@pytest.fixture
def cell() -> Cell:
    made = Cell()
    made.begin()
    return made


def test_an_episode_starts_at_the_rigs_pose(cell: Cell) -> None:
    assert cell.executed[-1].source is Source.RESET
    np.testing.assert_allclose(cell.states[0].T_base_tcp[:3, 3], HOME[:3, 3], atol=0.006)


def test_a_command_is_executed_once_and_its_step_has_one_stamp(cell: Cell) -> None:
    cell.command(0.5)
    cell.run(20)
    first, second = cell.executed[-2:]
    assert (first.source, second.source) == (Source.POLICY, Source.HOLD)
    assert first.value[0] == 0.5
    assert [s.stamp_ns for s in cell.states[-2:]] == [first.stamp_ns, second.stamp_ns]
    moved = cell.states[-1].T_base_tcp[0, 3] - cell.states[0].T_base_tcp[0, 3]
    assert 0.002 < moved < 0.005


def test_a_command_for_another_step_is_ignored(cell: Cell, caplog: pytest.LogCaptureFixture) -> None:
    cell.command(0.5, stamp_ns=12)
    cell.run(10)
    assert cell.executed[-1].source is Source.HOLD
    assert "ignored" in caplog.text


def test_a_hand_without_the_dead_man_holds(cell: Cell) -> None:
    cell.command(0.5, source=Source.HUMAN)
    cell.run(10)
    assert (cell.executed[-1].source, cell.executed[-1].safety) == (Source.HOLD, Reason.NOT_ENGAGED)
    cell.command(0.5, source=Source.HUMAN, engaged=True)
    cell.run(10)
    assert cell.executed[-1].source is Source.HUMAN


def test_a_stop_latches_until_a_person_clears_it(cell: Cell) -> None:
    cell.node.on(topics.EVENT, Event(0, Key.STOP))
    cell.command(0.5)
    cell.run(10)
    assert cell.executed[-1].source is Source.HOLD
    assert "a person pressed stop" in cell.of(topics.SAFETY)[-1].text
    cell.command(0.5)
    cell.run(10)
    assert Reason.STOPPED in Reason(cell.executed[-1].safety)
    cell.node.on(topics.EVENT, Event(0, Key.CLEAR))
    cell.command(0.5)
    cell.run(10)
    assert cell.executed[-1].source is Source.POLICY


def test_a_stop_on_the_way_to_the_start_does_not_begin_the_episode_elsewhere() -> None:
    cell = Cell()
    cell.node.on(topics.EPISODE_START, EpisodeStart(0, 7, 9))
    cell.run(5)
    cell.node.on(topics.EVENT, Event(0, Key.STOP))
    cell.run(20)
    cell.node.on(topics.EVENT, Event(0, Key.CLEAR))
    cell.run(5)
    assert not cell.states
    while not cell.states:
        cell.run(1)
    np.testing.assert_allclose(cell.states[0].T_base_tcp[:3, 3], HOME[:3, 3], atol=0.006)


def test_a_lost_arm_is_told_and_its_return_too(cell: Cell) -> None:
    cell.driver.plugged_in = False
    cell.run(5)
    cell.driver.plugged_in = True
    cell.run(5)
    lost, back = cell.of(topics.DEVICES)
    assert (lost.device, lost.ok, back.ok) == ("arm/arm", False, True)
    assert "connection is gone" in lost.reason


def test_a_lost_camera_holds_the_arm(cell: Cell) -> None:
    cell.node.on(topics.DEVICES, DeviceHealth(0, "camera/wrist", False, "unplugged"))
    cell.command(0.5)
    cell.run(10)
    assert (cell.executed[-1].source, cell.executed[-1].safety) == (Source.HOLD, Reason.DEVICE_LOST)
    cell.node.on(topics.DEVICES, DeviceHealth(0, "camera/wrist", True))
    cell.command(0.5)
    cell.run(10)
    assert cell.executed[-1].source is Source.POLICY


def test_people_near_slow_it_down(cell: Cell) -> None:
    cell.node.on(topics.SPEED_SCALE, SpeedScale(0, 0.1, "scanner"))
    cell.command(1.0)
    cell.run(10)
    assert Reason.SPEED in Reason(cell.executed[-1].safety)
    moved = cell.states[-1].T_base_tcp[0, 3] - cell.states[0].T_base_tcp[0, 3]
    assert moved < 0.003  # m: a tenth of 0.25 m/s for a tenth of a second


def test_an_arm_that_is_not_there_is_an_error_that_names_it() -> None:
    class NoArm(TwinArm):
        def connect(self) -> None:
            raise DeviceError("arm 'arm': nothing answers")

    arm = GuardedArm(NoArm("arm"), TASK.action.arms[0], twin_limits(TASK), 0.1, 0.01)
    with pytest.raises(DeviceError, match="nothing answers"):
        ArmNode(RigControl([arm]), {"arm": HOME}, 0.1, 0.01).start()


def test_the_operator_is_the_judge() -> None:
    judge, said = OperatorJudge(), []
    judge.publish = lambda topic, message: said.append((topic, message))
    judge.on(topics.EXECUTED, Action(5, ZERO, ZERO, ZERO))
    assert [(t, m.stamp_ns, m.value, m.success) for t, m in said] == [(topics.REWARD, 5, 0.0, False)]


@pytest.fixture
def asked() -> Cell:
    """An episode is asked for, and nobody has said go."""
    made = Cell()
    made.run(5)
    made.node.on(topics.EPISODE_START, EpisodeStart(0, 7, 9))
    return made


def position(cell: Cell) -> np.ndarray:
    return cell.twin.state().T_base_tcp[:3, 3]


def test_nothing_moves_until_a_person_says_so(asked: Cell) -> None:
    before = position(asked)
    asked.run(100)
    assert np.linalg.norm(position(asked) - before) < 0.001
    assert not asked.states
    report = asked.of(topics.SAFETY)[-1]
    assert "press clear" in report.text
    assert report.values["waiting"] == 1
    assert asked.of(topics.arm_state("arm"))[-1].episode_id == -1  # it is seen all the same


def test_the_way_goes_up_before_it_goes_across(asked: Cell) -> None:
    asked.node._starts["arm"] = transform(TOOL_DOWN, [0.52, 0.02, 0.18])  # higher than it stands
    asked.node._homing = None
    asked.node.on(topics.EPISODE_START, EpisodeStart(0, 7, 9))
    start = position(asked)
    asked.node.on(topics.EVENT, Event(0, Key.CLEAR))
    way = []
    while not asked.states:
        asked.run(1)
        way.append(position(asked))
    across = np.linalg.norm(np.array(way)[:, :2] - start[:2], axis=1)
    low = np.array(way)[:, 2] < 0.17
    assert across[low].max() < 0.004
    assert across.max() > 0.01


@pytest.mark.parametrize("hold", ["stop", "camera"])
def test_an_arm_that_may_not_move_begins_no_episode(asked: Cell, hold: str) -> None:
    asked.node.on(topics.EVENT, Event(0, Key.CLEAR))
    asked.run(20)
    if hold == "stop":
        asked.node.on(topics.EVENT, Event(0, Key.STOP))
        freed: Any = (topics.EVENT, Event(0, Key.CLEAR))
    else:
        asked.node.on(topics.DEVICES, DeviceHealth(0, "camera/wrist", False, "unplugged"))
        freed = (topics.DEVICES, DeviceHealth(0, "camera/wrist", True))
    asked.run(300)
    assert not asked.states
    asked.node.on(*freed)
    asked.run(500)
    assert asked.states
    np.testing.assert_allclose(asked.states[0].T_base_tcp[:3, 3], HOME[:3, 3], atol=0.006)


def test_who_asks_again_hears_again_that_the_episode_has_begun(cell: Cell) -> None:
    cell.node.on(topics.EPISODE_START, EpisodeStart(0, 7, 9))
    assert [e.source for e in cell.executed] == [Source.RESET, Source.RESET]


def test_closing_brakes_first(cell: Cell) -> None:
    cell.command(1.0)
    cell.run(8)
    assert cell.node._control.arms[0].twist.any()
    cell.node.close()
    assert not cell.node._control.arms[0].twist.any()
