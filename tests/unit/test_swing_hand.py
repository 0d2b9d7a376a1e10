"""The hands that swing: when they begin, what a swing is made of, and when a supervisor steps in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policies.tasks.flip import FLIP
from policies.tasks.peg_insert import PEG_INSERT
from robot.core.errors import ConfigError
from robot.core.se3 import exp_so3, transform
from robot.core.types import Truth
from robot.task import Stroke
from teleop.hands.swing import SwingHand
from teleop.hands.swing_plan import SwingConfig, swing_plan
from teleop.operator_config import OperatorConfig
from teleop.scripted import HandConfig

STEADY = OperatorConfig(
    hand=HandConfig(noise=0.0),
    swing=SwingConfig(tempo=0.0, strength=0.0, most_wait_steps=0, patience_steps=4),
)
STROKES = (Stroke(0.15, (0, 0, -1, 0, 0.5, 0)), Stroke(0.25, (0.8, 0, 0, 0, 0, 0)))
TASK = replace(FLIP, swing=replace(FLIP.swing, strokes=STROKES)) if FLIP.swing else FLIP


def truth(x_m: float = 0.0, turned_rad: float = 0.0, tool_m: float = 0.0) -> Truth:
    """A disc in a pan, at ``x_m`` and turned over by so much; the tool has moved by ``tool_m``."""
    tool = transform(np.diag([1.0, -1.0, -1.0]), [0.5 + tool_m, 0.0, 0.3])
    pan = transform(np.eye(3), [0.7 + tool_m, 0.0, 0.27])
    disc = pan @ transform(exp_so3([0.0, turned_rad, 0.0]), [x_m, 0.0, 0.0])
    return Truth(0, 0, {"tool": tool, "pan": pan, "disc": disc})


def hand(config: OperatorConfig = STEADY) -> SwingHand:
    made = SwingHand(TASK.action.arms[0], TASK, config)
    made.begin(3)
    return made


def drive(made: SwingHand, *truths: Truth) -> np.ndarray:
    """What the hand does at each of the truths [N, 6]."""
    given = []
    for now in truths:
        made.see(now)
        given.append(made.deflection(now)[0])
    return np.array(given)


def needed(made: SwingHand, *truths: Truth) -> list[bool]:
    seen = []
    for now in truths:
        made.see(now)
        seen.append(made.needed(now))
        if seen[-1]:
            made.deflection(now)
    return seen


def test_a_steady_swing_travels_what_its_strokes_say() -> None:
    plan = swing_plan(STROKES, 0.1, STEADY.swing, np.random.default_rng(1))
    assert len(plan) in (4, 5)
    np.testing.assert_allclose(0.1 * plan.sum(0), [0.2, 0, -0.15, 0, 0.075, 0], atol=1e-9)
    assert np.abs(plan[0]).max() < 1.0  # it began within the step


def test_no_two_swings_are_alike_and_none_asks_for_more_than_there_is() -> None:
    config, rng = SwingConfig(tempo=0.1, strength=0.1), np.random.default_rng(0)
    plans = [swing_plan(STROKES, 0.1, config, rng) for _ in range(200)]
    travelled = [0.1 * plan[:, 0].sum() for plan in plans]
    assert 0.015 < np.std(travelled) < 0.05
    assert np.abs(np.concatenate(plans)).max() <= 1.0


def test_it_swings_once_the_object_lies_still() -> None:
    made = hand()
    heft = drive(made, *(truth(0.01 * t) for t in range(8)))
    assert heft[0].any()  # it takes the arm at once, but what it does adds up to nothing
    assert not heft.sum(0).any()
    assert not heft[3:].any()
    swing = drive(made, *[truth(0.07)] * 6)
    np.testing.assert_allclose(0.1 * swing.sum(0), [0.2, 0, -0.15, 0, 0.075, 0], atol=1e-6)


def test_it_brings_the_tool_back_before_the_next_swing() -> None:
    made = hand()
    drive(made, *[truth()] * 9)
    away = drive(made, *[truth(tool_m=0.06)] * 6)
    np.testing.assert_allclose(away[-1], [-STEADY.hand.gain * 0.06 / 0.09, 0, 0, 0, 0, 0], atol=1e-6)


def test_a_supervisor_does_one_swing_once_nothing_was_turned_for_a_while() -> None:
    seen = needed(hand(), *[truth()] * 24)
    first, swing_and_landing = seen.index(True), seen.index(False, 5) - seen.index(True)
    assert first == STEADY.swing.patience_steps
    assert 10 <= swing_and_landing <= 14
    assert not any(seen[first + swing_and_landing :][: STEADY.swing.patience_steps])


def test_nobody_lays_a_hand_on_a_tool_in_the_middle_of_a_swing() -> None:
    swinging = [truth(tool_m=0.04 * t) for t in range(10)]
    assert not any(needed(hand(), *swinging))
    assert any(needed(hand(), *[truth(tool_m=0.02 * t) for t in range(10)]))


@pytest.mark.parametrize("gone", [truth(turned_rad=np.pi), truth(x_m=0.5)])
def test_what_is_turned_over_or_lost_needs_nobody(gone: Truth) -> None:
    assert not any(needed(hand(), *[gone] * 20))


def test_a_task_without_a_swing_is_refused() -> None:
    with pytest.raises(ConfigError, match="peg_insert"):
        SwingHand(PEG_INSERT.action.arms[0], PEG_INSERT, STEADY)
