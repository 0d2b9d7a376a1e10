"""When the simulated operator takes the arm, and when it lets go."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from robot.core.errors import ConfigError
from robot.core.types import EpisodeStart, Truth
from robot.task import Task
from teleop.intervention import ScriptedOperator
from teleop.operator_config import OperatorConfig
from tests.unit.teleop_scene import ABOVE, ARM, IN, STEADY, TASK, truth

CONFIG = OperatorConfig(patience_steps=4, hold_steps=2, late_steps=30, hand=STEADY)


def engaged(
    truths: list[Truth], config: OperatorConfig = CONFIG, allowed: bool = True, task: Task = TASK
) -> list[bool]:
    operator = ScriptedOperator(ARM, task, config)
    operator.begin(EpisodeStart(0, 0, 1, allowed))
    seen = []
    for now in truths:
        operator.see(now)
        command = operator.read(now.stamp_ns)
        assert command.stamp_ns == now.stamp_ns
        assert command.axes.any() == command.engaged
        seen.append(command.engaged)
    return seen


def standing(n: int) -> list[Truth]:
    return [truth((0.05, 0.0, 0.05), step=t) for t in range(n)]


def approaching(n: int) -> list[Truth]:
    return [truth((0.05 - 0.004 * t, 0.0, 0.05), step=t) for t in range(n)]


@pytest.mark.parametrize(("engage", "want"), [("never", False), ("always", True)])
def test_never_and_always(engage: Literal["never", "always"], want: bool) -> None:
    config = replace(CONFIG, engage=engage)
    assert engaged(standing(40), config) == [want] * 40
    assert not any(engaged(standing(40), config, allowed=False))


def test_released_before_anything_was_seen() -> None:
    operator = ScriptedOperator(ARM, TASK, replace(CONFIG, engage="always"))
    operator.begin(EpisodeStart(0, 0, 1))
    assert not operator.read(5).engaged


def test_it_takes_a_stuck_arm_when_its_patience_is_over() -> None:
    assert engaged(standing(8)) == [False] * 4 + [True] * 4
    assert not any(engaged(standing(8), allowed=False))


def test_it_leaves_an_arm_alone_that_gets_on() -> None:
    assert not any(engaged(approaching(12)))


def test_it_takes_an_arm_that_drifts_away() -> None:
    away = [truth((0.05 + 0.005 * t, 0.0, 0.05), step=t) for t in range(4)]
    assert engaged(away) == [False, False, False, True]


def test_it_leaves_an_arm_alone_that_cuts_a_corner() -> None:
    # Past the point above, and down along the socket's side of it: further from that point at every step.
    passed = replace(ABOVE, gripper=IN.gripper)
    task = replace(TASK, waypoints=(passed, IN))
    cutting = [truth((0.012, 0.0, 0.03 - 0.006 * t), step=t) for t in range(10)]
    assert not any(engaged(cutting, task=task))
    # What has to be done at a point cannot be left out: here the gripper is to be open before it closes.
    assert any(engaged(cutting))


def test_it_finishes_the_job_when_it_gets_late() -> None:
    slow = [truth((0.12 - 0.001 * t, 0.0, 0.05), step=t) for t in range(40)]
    config = replace(CONFIG, patience_steps=30, progress_m=0.0)
    assert engaged(slow, config) == [False] * 30 + [True] * 10


def test_it_lets_go_once_the_arm_has_come_past_a_waypoint() -> None:
    helped = [*standing(6), truth((0, 0, 0.02), step=6), truth((0, 0, 0.019), step=7)]
    assert engaged(helped) == [False] * 4 + [True] * 2 + [False] * 2


def test_it_lets_go_of_an_arm_that_waits_for_another() -> None:
    task = replace(TASK, waypoints=(ABOVE, replace(IN, after="offered")))
    there = [truth((0, 0, 0.02), step=t) for t in range(6, 9)]
    assert engaged([*standing(6), *there], task=task) == [False] * 4 + [True] * 2 + [False] * 3
    # Where it is not there any more it does not wait.
    gone = [truth((0.02, 0, 0.02), step=t) for t in range(9, 12)]
    assert engaged([*standing(6), *there, *gone], task=task)[-3:] == [True] * 3


def test_it_begins_every_episode_anew() -> None:
    operator = ScriptedOperator(ARM, TASK, CONFIG)
    for _ in range(2):
        operator.begin(EpisodeStart(0, 0, 1))
        seen = []
        for now in standing(5):
            operator.see(now)
            seen.append(operator.read(now.stamp_ns).engaged)
        assert seen == [False] * 4 + [True]


def test_impossible_settings_are_all_reported() -> None:
    with pytest.raises(ConfigError) as error:
        OperatorConfig(patience_steps=0, hold_steps=0)
    assert len(error.value.problems) == 2
