"""Device and arbiter as nodes: messages in any order, one decision a control step."""

from __future__ import annotations

from typing import Any

import numpy as np

from policies.tasks.peg_insert import PEG_INSERT_STATE
from robot.core import topics
from robot.core.types import Action, EpisodeStart, Source, TeleopCommand, Truth
from teleop.nodes import ArbiterNode, SimulatedTeleop
from tests.unit.teleop_scene import truth

PERIOD_NS = 100_000_000


class FakeOperator:
    """Says what it was asked, and answers with a deflection."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def begin(self, start: EpisodeStart) -> None:
        self.calls.append(("begin", start.episode_id))

    def see(self, truth: Truth) -> None:
        self.calls.append(("see", truth.stamp_ns // PERIOD_NS))

    def read(self, stamp_ns: int) -> TeleopCommand:
        self.calls.append(("read", stamp_ns // PERIOD_NS))
        return TeleopCommand(stamp_ns, "arm", np.ones(6, np.float32), engaged=True)

    def close(self) -> None:
        self.calls.append(("close", 0))


def at(step: int, episode_id: int) -> Truth:
    return truth((0, 0, 0.1), step=step, episode_id=episode_id)


def test_a_truth_that_comes_before_its_episode_waits_for_it() -> None:
    operator, out = FakeOperator(), list[Any]()
    node = SimulatedTeleop(operator)
    node.publish = lambda topic, message: out.append(message.stamp_ns // PERIOD_NS)
    node.on(topics.TRUTH, at(3, 5))
    assert out == []
    node.on(topics.EPISODE_START, EpisodeStart(0, 5, 1))
    assert (operator.calls, out) == ([("begin", 5), ("see", 3), ("read", 3)], [3])
    node.on(topics.TRUTH, at(4, 5))
    assert out == [3, 4]
    node.on(topics.EPISODE_START, EpisodeStart(0, 6, 1))
    node.on(topics.TRUTH, at(5, 5))  # the old episode's last one, late
    assert out == [3, 4]
    node.on(topics.TRUTH, at(6, 6))
    node.close()
    assert out == [3, 4, 6]
    assert operator.calls[-1] == ("close", 0)


def proposal(step: int) -> Action:
    value = np.full(4, 0.1, np.float32)
    return Action(step * PERIOD_NS, value, value, np.zeros(4, np.float32))


def reading(step: int) -> TeleopCommand:
    return TeleopCommand(step * PERIOD_NS, "arm", np.full(6, 0.4, np.float32), engaged=True)


def arbiter(lockstep: bool) -> tuple[ArbiterNode, list[tuple[int, str]]]:
    node, out = ArbiterNode(PEG_INSERT_STATE, lockstep), list[tuple[int, str]]()
    node.publish = lambda topic, message: out.append((message.stamp_ns // PERIOD_NS, message.source.name))
    return node, out


def test_in_lockstep_the_arbiter_waits_for_the_reading_of_the_step() -> None:
    node, out = arbiter(lockstep=True)
    node.on(topics.PROPOSED, proposal(1))
    assert out == []
    node.on(topics.TELEOP, reading(1))
    node.on(topics.TELEOP, reading(2))  # the other order
    assert out == [(1, "HUMAN")]
    node.on(topics.PROPOSED, proposal(2))
    node.on(topics.PROPOSED, proposal(3))
    assert out == [(1, "HUMAN"), (2, "HUMAN")]


def test_in_real_time_it_decides_at_once_and_a_stale_reading_counts_as_released() -> None:
    node, out = arbiter(lockstep=False)
    node.on(topics.PROPOSED, proposal(1))
    node.on(topics.TELEOP, reading(1))
    for step in (2, 3, 4, 5):
        node.on(topics.PROPOSED, proposal(step))
    assert out == [(1, "POLICY"), (2, "HUMAN"), (3, "HUMAN"), (4, "POLICY"), (5, "POLICY")]


def test_an_episode_starts_with_the_policy_in_control() -> None:
    node, out = arbiter(lockstep=True)
    node.on(topics.PROPOSED, proposal(1))
    node.on(topics.TELEOP, reading(1))
    node.on(topics.EPISODE_START, EpisodeStart(0, 1, 1))
    rest = TeleopCommand(2 * PERIOD_NS, "arm", np.full(6, 0.1, np.float32), engaged=True)
    node.on(topics.TELEOP, rest)
    node.on(topics.PROPOSED, proposal(2))
    assert out[-1] == (2, Source.POLICY.name)
