"""A success classifier in a session: its word in place of the cell's, and the operator's key above it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from policies.senses import Sensed, Senses
from policies.tasks.peg_insert import PEG_INSERT_STATE
from policies.trajectory import Trajectory
from robot.core import topics
from robot.core.types import Action, Arrays, Key, Outcome, Reward, RobotState, Truth

TASK = PEG_INSERT_STATE
STEP_NS = 100_000_000


@dataclass(frozen=True)
class Said:
    success: bool


class FakeJudge:
    """Says yes at the third look of an episode."""

    def __init__(self) -> None:
        self.looks = 0

    def begin(self) -> None:
        self.looks = 0

    def step(self, features: Arrays, state: Arrays) -> Said:
        assert "arm/position" in state
        self.looks += 1
        return Said(self.looks == 3)


def control_step(senses: Senses, step: int, episode_id: int = 0, cell: bool = False) -> Sensed:
    """What the cell says of one step; ``cell``: its own judge's word."""
    stamp, zeros, action = step * STEP_NS, np.zeros(7, np.float32), np.zeros(4, np.float32)
    state = RobotState(
        stamp, "arm", zeros, zeros, zeros, np.eye(4), zeros[:6], zeros[:6], 0.04, episode_id=episode_id
    )
    senses.add(topics.arm_state("arm"), state)
    senses.add(topics.EXECUTED, Action(stamp, action, action, action))
    senses.add(topics.TRUTH, Truth(stamp, episode_id, {"tool": np.eye(4), "socket": np.eye(4)}))
    seen = senses.add(topics.REWARD, Reward(stamp, float(cell), cell))
    assert seen is not None
    return seen


def test_its_word_counts_and_the_cell_s_does_not() -> None:
    senses = Senses(TASK, None, judge=FakeJudge())
    seen = [control_step(senses, t, cell=t == 1) for t in range(3)]
    assert [s.reward.success for s in seen] == [False, False, True]
    assert [s.reward.value for s in seen] == [0.0, 0.0, 1.0]


def test_it_begins_anew_with_every_episode() -> None:
    senses = Senses(TASK, None, judge=FakeJudge())
    control_step(senses, 0)
    control_step(senses, 1)
    seen = [control_step(senses, 2 + t, episode_id=1) for t in range(3)]
    assert [s.reward.success for s in seen] == [False, False, True]


def test_without_one_the_cell_s_word_counts() -> None:
    assert control_step(Senses(TASK, None), 0, cell=True).reward.success


@pytest.mark.parametrize(("key", "outcome"), [(Key.FAILURE, Outcome.FAILURE), (Key.STOP, Outcome.ABORTED)])
def test_the_operator_s_key_wins_over_it(key: Key, outcome: Outcome) -> None:
    senses, trajectory = Senses(TASK, None, judge=FakeJudge()), Trajectory(0, 7, 10)
    proposed = Action(0, *[np.zeros(4, np.float32)] * 3)
    for t in range(2):
        seen = control_step(senses, t)
        trajectory.arrive(seen)
        trajectory.leave(seen, proposed)
    trajectory.press(key)
    step = trajectory.arrive(control_step(senses, 2))
    assert step is not None
    assert (trajectory.outcome, step.reward) == (outcome, 0.0 if key is Key.FAILURE else step.reward)
