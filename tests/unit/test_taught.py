"""What a person's step teaches: the arms that were in the person's hands, and no other."""

from __future__ import annotations

import numpy as np
import pytest

from policies.replay.buffer import ReplayBuffer
from policies.replay.taught import taught
from robot.core.spec import ActionSpec, ArmActionSpec
from robot.core.types import Source
from tests.unit.counting_episode import SPEC, end, header, step

TWO = ActionSpec(
    (ArmActionSpec("left", ("x", "y"), 0.01, 0.1), ArmActionSpec("right", ("x",), 0.01, 0.1, gripper=True))
)
LEFT, RIGHT, ALL = [True, True, False, False], [False, False, True, True], [True] * 4


@pytest.mark.parametrize(
    ("source", "executed", "teaches"),
    [
        (Source.HUMAN, [0.5, 0.0, 0.0, 0.0], LEFT),
        (Source.HUMAN, [0.0, 0.0, 0.0, -1.0], RIGHT),
        (Source.HUMAN, [0.5, 0.0, 0.0, -1.0], ALL),
        (Source.HUMAN, [0.0, 0.0, 0.0, 0.0], ALL),  # asked for just what the policy did
        (Source.POLICY, [0.0, 0.0, 0.0, 0.0], ALL),
        (Source.GUIDE, [0.5, 0.0, 0.0, 0.0], ALL),
    ],
)
def test_whole_arms_that_a_person_drove(source: Source, executed: list[float], teaches: list[bool]) -> None:
    proposed = np.zeros((1, 4), np.float32)
    got = taught(TWO, np.array([source]), np.array([executed], np.float32), proposed)
    assert got.tolist() == [teaches]


@pytest.mark.parametrize(("mode", "shown"), [("train", False), ("demo", True)])
def test_the_policys_own_steps_teach_in_demonstrations_alone(mode: str, shown: bool) -> None:
    replay = ReplayBuffer(SPEC, 100, 0.9)
    for record in (header(1, mode), *(step(1, t) for t in range(3)), end(1, 3)):
        replay.add(record)
    assert (replay.sample(20, 0.5).shown == shown).all()
