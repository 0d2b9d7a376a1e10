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


def by_arm(*readings: TeleopCommand | None) -> dict[str, TeleopCommand]:
    return {r.arm: r for r in readings if r is not None}


def sources(*readings: TeleopCommand | None) -> str:
    arbiter = Arbiter(SPEC)
    return "".join(arbiter.decide(proposed(), by_arm(r)).source.name[:2] for r in readings)


def test_nobody_at_the_device_leaves_the_proposal_alone() -> None:
    for nobody in (None, reading(0.0, engaged=False), reading(0.9, engaged=False)):
        decided = Arbiter(SPEC).decide(proposed(), by_arm(nobody))
        np.testing.assert_array_equal(decided.value, proposed().value)
        assert (decided.source, decided.stamp_ns, decided.weights_version) == (Source.POLICY, 7, 3)


def test_it_takes_more_to_take_control_than_to_keep_it() -> None:
    take, keep, rest = reading(0.2), reading(0.1), reading(0.0)
    assert sources(keep, keep, take, keep, keep, keep, keep) == "POPOHUHUHUHUHU"
    assert sources(take, rest, rest, rest, rest) == "HUHUHUPOPO"
    assert sources(take, rest, rest, keep, rest, rest, rest) == "HUHUHUHUHUHUPO"


@pytest.mark.parametrize("gone", [None, reading(0.9, engaged=False)])
def test_letting_go_of_the_device_gives_control_back_at_once(gone: TeleopCommand | None) -> None:
    assert sources(reading(0.9), gone, reading(0.1)) == "HUPOPO"


def test_a_person_drives_the_arms_axes_and_the_gripper() -> None:
    hand = TeleopCommand(7, "arm", np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], np.float32), -0.6, engaged=True)
    decided = Arbiter(SPEC).decide(proposed(), by_arm(hand))
    np.testing.assert_allclose(decided.value, [0.1, 0.3, 0.6, -0.6], atol=1e-6)
    assert decided.source is Source.HUMAN


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_becomes_hold(bad: float) -> None:
    arbiter = Arbiter(SPEC)
    for _ in range(3):
        arbiter.decide(proposed(), by_arm(reading(1.0)))
    held = arbiter.decide(proposed(bad), {})  # where a hand-over would bound the change
    assert held.source is Source.HOLD
    np.testing.assert_array_equal(held.value, ZERO)


def test_a_bad_reading_holds_and_does_not_keep_control() -> None:
    arbiter = Arbiter(SPEC)
    decided = [arbiter.decide(proposed(), by_arm(r)) for r in (reading(0.5), *[reading(np.nan)] * 3)]
    assert "".join(d.source.name[:2] for d in decided) == "HUHOHOPO"


def test_a_new_episode_forgets_the_hand() -> None:
    arbiter = Arbiter(SPEC)
    arbiter.decide(proposed(), by_arm(reading(0.9)))
    arbiter.reset()
    assert arbiter.decide(proposed(0.9), by_arm(reading(0.1))).source is Source.POLICY
    assert arbiter.decide(proposed(-0.9), {}).value[0] == pytest.approx(-0.9)


STEPS = st.lists(st.tuples(st.floats(-3, 3), st.floats(-1, 1), st.booleans()), min_size=2, max_size=30)


@given(STEPS)
@settings(max_examples=40, deadline=None)
def test_a_hand_over_changes_no_value_by_more_than_its_bound(steps: list[tuple[float, float, bool]]) -> None:
    config, arbiter = ArbiterConfig(), Arbiter(SPEC)
    last, human, bounded = ZERO, False, 0
    for value, deflection, engaged in steps:
        decided = arbiter.decide(proposed(value), by_arm(reading(deflection, engaged, deflection)))
        assert np.abs(decided.value).max() <= 1.0
        bounded = config.handover_steps if (decided.source is Source.HUMAN) != human else bounded - 1
        if bounded > 0:
            assert np.abs(decided.value - last).max() <= config.handover_change + 1e-6
        else:
            want = deflection if decided.source is Source.HUMAN else np.clip(value, -1, 1)
            np.testing.assert_allclose(decided.value, want, atol=1e-6)
        last, human = decided.value, decided.source is Source.HUMAN


TWO = ActionSpec(tuple(ArmActionSpec(a, ("x", "y"), 0.01, 0.1, gripper=True) for a in ("left", "right")))


def hand(arm: str, deflection: float, engaged: bool = True, lost: bool = False) -> TeleopCommand:
    return TeleopCommand(7, arm, np.full(6, deflection, np.float32), 0.0, engaged, lost)


def both(value: float = 0.5) -> Action:
    return Action(7, np.full(6, value, np.float32), np.zeros(6, np.float32), np.zeros(6, np.float32))


def test_a_person_takes_one_of_two_arms_and_the_policy_keeps_the_other() -> None:
    decided = Arbiter(TWO).decide(both(), by_arm(hand("left", 0.3), hand("right", 0.1)))
    np.testing.assert_allclose(decided.value, [0.3, 0.3, 0.0, 0.5, 0.5, 0.5])
    assert (decided.source, decided.engaged) == (Source.HUMAN, True)


def test_each_arm_has_its_own_hysteresis_and_hand_over() -> None:
    arbiter = Arbiter(TWO)
    for _ in range(3):
        arbiter.decide(both(-0.9), by_arm(hand("left", 0.9), hand("right", 0.0)))
    rest = by_arm(hand("left", 0.0), hand("right", 0.2))
    steps = [arbiter.decide(both(-0.9), rest) for _ in range(4)]
    left, right = np.array([s.value[0] for s in steps]), np.array([s.value[3] for s in steps])
    np.testing.assert_allclose(left, [0.0, 0.0, -0.6, -0.9], atol=1e-6)  # rests for three, then bounded
    np.testing.assert_allclose(right, [-0.3, 0.2, 0.2, 0.2], atol=1e-6)  # taken at once, bounded
    assert [s.source for s in steps] == [Source.HUMAN] * 4


@pytest.mark.parametrize("driver", ["policy", "person"])
def test_the_arm_whose_device_is_lost_holds_whoever_drove_it(driver: str) -> None:
    arbiter = Arbiter(TWO)
    arbiter.decide(both(), by_arm(hand("left", 0.9, engaged=driver == "person")))
    held = arbiter.decide(both(), by_arm(hand("left", 0.9, lost=True)))
    np.testing.assert_allclose(held.value, [0, 0, 0, 0.5, 0.5, 0.5])
    assert (held.source, held.engaged) == (Source.HOLD, False)
    back = arbiter.decide(both(0.9), by_arm(hand("left", 0.0, engaged=False)))
    np.testing.assert_allclose(back.value[:3], 0.6)  # moves off from rest, not with a jump
    assert back.source is Source.POLICY


def test_hold_wins_over_the_person_at_the_other_arm() -> None:
    decided = Arbiter(TWO).decide(both(), by_arm(hand("left", 0.0, lost=True), hand("right", 0.4)))
    np.testing.assert_allclose(decided.value, [0, 0, 0, 0.4, 0.4, 0.0], atol=1e-6)
    assert (decided.source, decided.engaged) == (Source.HOLD, True)


def test_a_policy_broken_for_one_arm_drives_none() -> None:
    broken = np.array([0.5, np.nan, 0.5, 0.5, 0.5, 0.5], np.float32)
    action = Action(7, broken, broken, broken)
    decided = Arbiter(TWO).decide(action, by_arm(hand("right", 0.4)))
    np.testing.assert_allclose(decided.value, [0, 0, 0, 0.4, 0.4, 0.0], atol=1e-6)
    assert not Arbiter(TWO).decide(action, {}).value.any()


def test_the_gripper_button_alone_takes_an_arm_that_has_a_gripper() -> None:
    press = TeleopCommand(7, "left", np.zeros(6, np.float32), -1.0, engaged=True)
    assert Arbiter(TWO).decide(both(0.0), by_arm(press)).source is Source.HUMAN
    bare = ActionSpec((ArmActionSpec("left", ("x",), 0.01, 0.1),))
    one = np.zeros(1, np.float32)
    assert Arbiter(bare).decide(Action(7, one, one, one), by_arm(press)).source is Source.POLICY
