"""The simulated operators as a node: every truth of their episode is answered once, and hands let go."""

from __future__ import annotations

from typing import Any

import numpy as np

from robot.core import topics
from robot.core.types import EpisodeStart, Status, TeleopCommand, Truth
from teleop.nodes import SimulatedTeleop
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


def test_simulated_hands_let_go_while_the_arm_is_on_its_way_back() -> None:
    node, out = SimulatedTeleop(FakeOperator()), list[bool]()
    node.publish = lambda topic, message: out.append(message.engaged)
    node.on(topics.EPISODE_START, EpisodeStart(0, 5, 1))
    node.on(topics.AUTONOMY, Status(0, "autonomy", {"practice": 1.0}))
    node.on(topics.TRUTH, at(1, 5))
    node.on(topics.AUTONOMY, Status(0, "autonomy", {"practice": 0.0}))
    node.on(topics.TRUTH, at(2, 5))
    node.on(topics.EPISODE_START, EpisodeStart(0, 6, 1))
    node.on(topics.TRUTH, at(3, 6))
    assert out == [True, False, True]
