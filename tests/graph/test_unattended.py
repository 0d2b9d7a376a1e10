"""Practice without a person in the twin: from a jam to the next start, through arbiter and safety layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.unattended.cell import practise
from benchmarks.unattended.operator import KnockedOperator
from policies.recorder import RecorderNode
from policies.replay.episode_store import EpisodeStore
from policies.tasks.lift import LIFT_STATE
from policies.tasks.peg_insert import PEG_INSERT_STATE
from robot.autonomy.config import AutonomyConfig
from robot.autonomy.start_pose import draw_start
from robot.core import topics
from robot.core.node import Node
from robot.core.se3 import difference
from robot.core.types import (
    Action,
    DeviceHealth,
    EpisodeStart,
    Event,
    Key,
    Outcome,
    RobotState,
    Source,
    Status,
)
from robot.session.cell import start_pose
from robot.session.rigs import load_rig
from sim.cell import TwinCell
from sim.twin import make_twin
from tests.graph.driving import rig_limits

TASK = PEG_INSERT_STATE
START = start_pose(load_rig("twin").arms["arm"])


class Trace(Node):
    """Keeps what was executed and measured; may do something at a step of a reset."""

    name = "trace"

    def __init__(self, at_reset_step: int = -1, do: tuple[topics.Topic, Any] | None = None) -> None:
        self.inputs = (topics.EXECUTED, topics.arm_state("arm"), topics.EPISODE_START, topics.AUTONOMY)
        self.outputs = (topics.EVENT, topics.DEVICES)
        self.executed: list[Action] = []
        self.states: list[RobotState] = []
        self.starts: list[EpisodeStart] = []
        self.news: list[Status] = []
        self._at, self._do = at_reset_step, do

    def on(self, topic: topics.Topic, message: Any) -> None:
        kept = {Action: self.executed, RobotState: self.states, EpisodeStart: self.starts, Status: self.news}
        kept[type(message)].append(message)
        resets = [a for a in self.executed if a.source is Source.RESET and a.value.any()]
        if topic == topics.EXECUTED and self._do is not None and len(resets) == self._at:
            self.publish(*self._do)
            self._do = None


def test_stuck_attempts_end_recorded_and_the_arm_drives_to_the_next_start(tmp_path: Path) -> None:
    trace = Trace()
    returns = practise(TASK, 3, others=(RecorderNode(tmp_path), trace))
    assert [r.trouble for r in returns] == ["jammed", "jammed"]
    assert [s.in_place for s in trace.starts] == [False, True, True]
    episodes = EpisodeStore(tmp_path).read_all("train")
    assert len(episodes) == 3
    for episode in episodes:
        assert episode.outcome is Outcome.TIME_LIMIT  # its time was over early, and nothing was judged
        assert len(episode) < TASK.time_limit_steps
        assert episode.truncated[-1]
        assert not episode.terminated.any()
        assert set(episode.source.tolist()) == {Source.POLICY}  # of the way back nothing is recorded
        assert (np.diff(episode.stamp_ns) == 100_000_000).all()
    for number in (1, 2):
        first = next(s for s in trace.states if s.episode_id == number)
        moved, turned = difference(draw_start(TASK.starts[0], START, number), first.T_base_tcp)
        assert np.linalg.norm(moved) < AutonomyConfig().near_m + 0.001
        assert np.linalg.norm(turned) < AutonomyConfig().near_rad + 0.01
    assert all(np.abs(a.value).max() <= 1.0 for a in trace.executed)


def test_a_cube_that_was_knocked_out_ends_the_attempt_and_a_longer_stride_finds_its_start_too() -> None:
    (dropped,) = practise(LIFT_STATE, 2, drive=KnockedOperator)
    assert (dropped.trouble, dropped.success) == ("dropped", False)
    assert (dropped.tries, dropped.attended) == (0, False)
    assert dropped.start_s < 4.0


def test_a_persons_stop_on_the_way_back_holds_and_ends_the_session() -> None:
    trace = Trace(3, (topics.EVENT, Event(0, Key.STOP)))
    practise(TASK, 5, others=(trace,))
    last = max(i for i, a in enumerate(trace.executed) if a.source is Source.RESET)
    assert len(trace.starts) == 1
    assert len(trace.executed) - last <= 3


def test_after_a_lost_device_a_person_begins_the_next_episode() -> None:
    gone = DeviceHealth(0, "camera/front", False, "the plug is out")
    trace = Trace(3, (topics.DEVICES, gone))
    back = Back()
    practise(TASK, 2, others=(trace, back))
    assert [s.in_place for s in trace.starts] == [False, False]
    assert any(s.values["help_needed"] and "plug" in s.text for s in trace.news)


class Back(Node):
    """Says that a device is back as soon as it is gone."""

    name = "back"
    inputs = outputs = (topics.DEVICES,)

    def on(self, topic: topics.Topic, message: DeviceHealth) -> None:
        if not message.ok:
            self.publish(topics.DEVICES, DeviceHealth(1, message.device, True))


@pytest.fixture
def cell() -> tuple[TwinCell, list[Any]]:
    made, sent = TwinCell(TASK, rig_limits(TASK)), []
    made.publish = lambda topic, message: sent.append(message)
    made.on(topics.EPISODE_START, EpisodeStart(0, 4, 9))
    return made, sent


def states(sent: list[Any]) -> list[RobotState]:
    return [m for m in sent if isinstance(m, RobotState)]


def test_an_episode_begins_in_place_with_the_next_parts_and_an_arm_that_stays(
    cell: tuple[TwinCell, list[Any]],
) -> None:
    twin, sent = cell
    twin.on(topics.EPISODE_START, EpisodeStart(0, 5, 11, in_place=True))
    before, after = states(sent)
    assert (after.episode_id, after.stamp_ns - before.stamp_ns) == (5, 100_000_000)
    assert np.linalg.norm(difference(before.T_base_tcp, after.T_base_tcp)[0]) < 0.0005
    assert [m.source for m in sent if isinstance(m, Action)] == [Source.RESET, Source.RESET]
    drawn = make_twin(TASK)
    drawn.reset(11)
    np.testing.assert_array_equal(twin.twin.data.mocap_pos, drawn.data.mocap_pos)
    assert (twin.twin.data.mocap_pos != make_reset(9)).any()


def make_reset(seed: int) -> np.ndarray:
    drawn = make_twin(TASK)
    drawn.reset(seed)
    return drawn.data.mocap_pos


def test_a_stopped_arm_does_not_begin_in_place(cell: tuple[TwinCell, list[Any]]) -> None:
    twin, sent = cell
    twin.on(topics.EVENT, Event(0, Key.STOP))
    twin.on(topics.EPISODE_START, EpisodeStart(0, 5, 11, in_place=True))
    drawn = make_twin(TASK)
    drawn.reset(11)
    np.testing.assert_allclose(states(sent)[-1].T_base_tcp, drawn.state().T_base_tcp, atol=1e-6)
