"""Nobody commands, nonsense is commanded, commands come late: the arm holds, and it says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policies.actor import ActorNode
from policies.base import NoBase
from policies.plan import EpisodePlan
from policies.recorder import RecorderNode
from policies.replay.episode_store import EpisodeStore
from policies.tasks.peg_insert import PEG_INSERT_STATE
from robot.cell_config import CellConfig
from robot.core import topics
from robot.core.errors import SpecMismatch
from robot.core.host import LocalHost
from robot.core.node import Node
from robot.core.types import Action, EpisodeStart, RobotState, Source
from sim.cell import TwinCell
from teleop.intervention import ScriptedOperator
from teleop.nodes import ArbiterNode, SimulatedTeleop
from teleop.operator_config import OperatorConfig
from tests.graph.driving import rig_limits

TASK = replace(PEG_INSERT_STATE, time_limit_steps=5)
PERIOD_NS = 100_000_000


class Bench:
    """A cell with what it published kept."""

    def __init__(self, realtime: bool) -> None:
        self.executed: list[Action] = []
        self.states: list[RobotState] = []
        self.cell = TwinCell(TASK, rig_limits(TASK), CellConfig(realtime=realtime))
        self.cell.publish = self._keep

    def start(self) -> None:
        self.cell.on(topics.EPISODE_START, EpisodeStart(0, 4, 9))

    def command(self, value: float, late: int = 0) -> None:
        """A command for the present step, or for one ``late`` periods ago."""
        zero = np.zeros(4, np.float32)
        stamp = self.states[-1].stamp_ns - late * PERIOD_NS
        self.cell.on(topics.COMMAND, Action(stamp, np.array([value, 0, 0, 0], np.float32), zero, zero))

    def steps(self, count: int) -> None:
        """Real time passes: so many control steps of ten guard periods."""
        for _ in range(10 * count):
            self.cell.tick(0)

    @property
    def moved_m(self) -> float:
        """Between the last two states, along x."""
        return float(self.states[-1].T_base_tcp[0, 3] - self.states[-2].T_base_tcp[0, 3])

    def _keep(self, topic: topics.Topic, message: Any) -> None:
        if isinstance(message, Action):
            self.executed.append(message)
        elif isinstance(message, RobotState):
            self.states.append(message)


@pytest.fixture
def lockstep() -> Bench:
    return Bench(realtime=False)


@pytest.fixture
def realtime() -> Bench:
    return Bench(realtime=True)


def test_in_lockstep_time_stands_still_until_the_command(lockstep: Bench) -> None:
    lockstep.start()
    assert (lockstep.cell.period_s, len(lockstep.states)) == (None, 1)
    assert lockstep.executed[0].source is Source.RESET
    lockstep.command(0.5)
    assert [s.stamp_ns for s in lockstep.states] == [PERIOD_NS, 2 * PERIOD_NS]
    assert {s.episode_id for s in lockstep.states} == {4}
    assert lockstep.executed[1].source is Source.POLICY
    assert lockstep.moved_m > 0.0003  # it starts smoothly


def test_a_command_for_another_step_is_ignored_and_logged(
    lockstep: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    lockstep.start()
    lockstep.command(0.5)
    lockstep.command(0.5, late=1)
    lockstep.command(0.5, late=-1)
    assert len(lockstep.states) == 2
    assert caplog.text.count("came at 200000000 ns: ignored") == 2


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_command_that_is_not_finite_holds(
    lockstep: Bench, bad: float, caplog: pytest.LogCaptureFixture
) -> None:
    lockstep.start()
    lockstep.command(bad)
    assert lockstep.executed[-1].source is Source.HOLD
    assert not lockstep.executed[-1].value.any()
    assert abs(lockstep.moved_m) < 1e-4
    assert "not finite" in caplog.text


def test_what_is_executed_is_within_the_action_space(lockstep: Bench) -> None:
    lockstep.start()
    lockstep.command(7.0)
    assert lockstep.executed[-1].value[0] == 1.0
    assert lockstep.moved_m < 0.009


def test_in_real_time_a_missing_command_holds(realtime: Bench) -> None:
    realtime.cell.tick(0)
    assert (realtime.cell.period_s, realtime.states) == (0.01, [])  # nothing before an episode
    realtime.start()
    realtime.steps(10)
    assert [e.source for e in realtime.executed[1:]] == [Source.HOLD] * 10
    assert [s.stamp_ns for s in realtime.states] == [PERIOD_NS * (n + 1) for n in range(11)]
    travelled = realtime.states[-1].T_base_tcp[:3, 3] - realtime.states[0].T_base_tcp[:3, 3]
    assert np.linalg.norm(travelled) < 0.001


def test_in_real_time_a_command_acts_once_and_a_late_or_bad_one_never(realtime: Bench) -> None:
    realtime.start()
    realtime.command(0.5)
    realtime.steps(2)
    realtime.command(0.5, late=1)
    realtime.steps(1)
    realtime.command(np.nan)
    realtime.steps(1)
    assert [e.source.name for e in realtime.executed] == ["RESET", "POLICY", "HOLD", "HOLD", "HOLD"]


def test_a_reset_drops_the_command_that_waited(realtime: Bench) -> None:
    realtime.start()
    realtime.command(0.5)
    realtime.start()
    realtime.steps(1)
    assert realtime.executed[-1].source is Source.HOLD


def actor(**plan: Any) -> ActorNode:
    return ActorNode(TASK, NoBase(4), None, None, EpisodePlan("train", 0, 9, **plan), threaded=False)


def graph(*nodes: Node) -> list[Node]:
    operator = ScriptedOperator(TASK.action.arms[0], TASK, OperatorConfig("never"))
    return [TwinCell(TASK, rig_limits(TASK)), SimulatedTeleop(operator), *nodes]


def test_without_an_arbiter_nothing_moves() -> None:
    host = LocalHost(graph(actor(episodes=1)))
    with pytest.raises(SpecMismatch, match="stands still at 100000000 ns"):
        host.run(max_idle_ticks=20)


def test_an_actor_without_a_learner_runs(tmp_path: Path) -> None:
    LocalHost(graph(ArbiterNode(TASK), RecorderNode(tmp_path), actor(episodes=2))).run()
    assert [len(e) for e in EpisodeStore(tmp_path).read_all("train")] == [5, 5]


def test_a_throttled_actor_waits_for_its_learner() -> None:
    host = LocalHost(graph(ArbiterNode(TASK), actor(episodes=1, throttled=True)))
    with pytest.raises(SpecMismatch, match="stands still at 0 ns"):
        host.run(max_idle_ticks=20)


def test_a_dead_actor_leaves_the_arm_holding_and_the_episode_kept(tmp_path: Path) -> None:
    class FakeDyingActor(ActorNode):
        """Takes nothing in after the third state."""

        states = 0

        def on(self, topic: topics.Topic, message: Any) -> None:
            self.states += topic == topics.arm_state("arm")
            if self.states <= 3:
                super().on(topic, message)

    dying = FakeDyingActor(
        TASK, NoBase(4), None, None, EpisodePlan("train", 0, 9, episodes=1), threaded=False
    )
    host = LocalHost(graph(ArbiterNode(TASK), RecorderNode(tmp_path), dying))
    with pytest.raises(SpecMismatch, match="stands still at 400000000 ns"):
        host.run(max_idle_ticks=20)
    (episode,) = EpisodeStore(tmp_path).read_all()
    assert (len(episode), episode.outcome.name) == (1, "ABORTED")
