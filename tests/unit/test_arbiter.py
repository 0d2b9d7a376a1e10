"""Who drives: hysteresis, bounded hand-overs, HOLD for what is not finite."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.core.spec import ActionSpec, ArmActionSpec
from robot.core.types import Action, Source, TeleopCommand
from teleop.arbiter import Arbiter, ArbiterConfig

SPEC = ActionSpec((ArmActionSpec("arm", ("x", "z", "rz"), 0.01, 0.1, gripper=True),))
ZERO = np.zeros(4, np.float32)


def proposed(value: float = 0.5) -> Action:
    return Action(7, np.full(4, value, np.float32), ZERO, ZERO, weights_version=3)


def reading(deflection: float, engaged: bool = True, gripper: float = 0.0) -> TeleopCommand:
    return TeleopCommand(7, "arm", np.full(6, deflection, np.float32), gripper, engaged)


def sources(*readings: TeleopCommand | None) -> str:
    arbiter = Arbiter(SPEC)
    return "".join(arbiter.decide(proposed(), r).source.name[0] for r in readings)


def test_nobody_at_the_device_leaves_the_proposal_alone() -> None:
    for nobody in (None, reading(0.0, engaged=False), reading(0.9, engaged=False)):
        decided = Arbiter(SPEC).decide(proposed(), nobody)
        np.testing.assert_array_equal(decided.value, proposed().value)
        assert (decided.source, decided.stamp_ns, decided.weights_version) == (Source.POLICY, 7, 3)


def test_it_takes_more_to_take_control_than_to_keep_it() -> None:
    take, keep, rest = reading(0.2), reading(0.1), reading(0.0)
    assert sources(keep, keep, take, keep, keep, keep, keep) == "PPHHHHH"
    assert sources(take, rest, rest, rest, rest) == "HHHPP"
    assert sources(take, rest, rest, keep, rest, rest, rest) == "HHHHHHP"


@pytest.mark.parametrize("gone", [None, reading(0.9, engaged=False)])
def test_letting_go_of_the_device_gives_control_back_at_once(gone: TeleopCommand | None) -> None:
    assert sources(reading(0.9), gone, reading(0.1)) == "HPP"


def test_a_person_drives_the_arms_axes_and_the_gripper() -> None:
    hand = TeleopCommand(7, "arm", np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], np.float32), -0.6, engaged=True)
    decided = Arbiter(SPEC).decide(proposed(), hand)
    np.testing.assert_allclose(decided.value, [0.1, 0.3, 0.6, -0.6], atol=1e-6)
    assert decided.source is Source.HUMAN


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_becomes_hold(bad: float) -> None:
    arbiter = Arbiter(SPEC)
    for _ in range(3):
        arbiter.decide(proposed(), reading(1.0))
    held = arbiter.decide(proposed(bad), None)  # where a hand-over would bound the change
    assert held.source is Source.HOLD
    np.testing.assert_array_equal(held.value, ZERO)


def test_a_bad_reading_holds_and_does_not_keep_control() -> None:
    arbiter = Arbiter(SPEC)
    decided = [arbiter.decide(proposed(), r) for r in (reading(0.5), *[reading(np.nan)] * 3)]
    assert "".join(d.source.name[:2] for d in decided) == "HUHOHOPO"


def test_a_new_episode_forgets_the_hand() -> None:
    arbiter = Arbiter(SPEC)
    arbiter.decide(proposed(), reading(0.9))
    arbiter.reset()
    assert arbiter.decide(proposed(0.9), reading(0.1)).source is Source.POLICY
    assert arbiter.decide(proposed(-0.9), None).value[0] == pytest.approx(-0.9)


STEPS = st.lists(st.tuples(st.floats(-3, 3), st.floats(-1, 1), st.booleans()), min_size=2, max_size=30)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_a_hand_over_changes_no_value_by_more_than_its_bound(steps: list[tuple[float, float, bool]]) -> None:
    config, arbiter = ArbiterConfig(), Arbiter(SPEC)
    last, human, bounded = ZERO, False, 0
    for value, deflection, engaged in steps:
        decided = arbiter.decide(proposed(value), reading(deflection, engaged, deflection))
        assert np.abs(decided.value).max() <= 1.0
        bounded = config.handover_steps if (decided.source is Source.HUMAN) != human else bounded - 1
        if bounded > 0:
            assert np.abs(decided.value - last).max() <= config.handover_change + 1e-6
        else:
            want = deflection if decided.source is Source.HUMAN else np.clip(value, -1, 1)
            np.testing.assert_allclose(decided.value, want, atol=1e-6)
        last, human = decided.value, decided.source is Source.HUMAN
