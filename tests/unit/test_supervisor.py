"""Practice without a person: when an attempt counts as stuck, how the arm gets back, and when it gives up."""

from __future__ import annotations

import numpy as np
import pytest

from robot.autonomy.config import AutonomyConfig
from robot.autonomy.mode import Mode
from robot.autonomy.start_pose import draw_start
from robot.core.errors import ConfigError
from robot.core.se3 import difference
from robot.core.types import Source
from tests.unit.unattended_cell import PERIOD_NS, PRESS, RIG_START, STARTS, FakeCell

CONFIG = AutonomyConfig()


def test_a_pressed_tool_that_stays_in_its_place_is_stuck() -> None:
    cell = FakeCell()
    cell.held = True
    modes = [cell.step(0.5 * PRESS).mode for _ in range(CONFIG.stuck_steps + 1)]
    assert modes[:-1] == [Mode.PRACTICE] * CONFIG.stuck_steps
    assert modes[-1] is Mode.STUCK


@pytest.mark.parametrize("wrench", [[0, 0, -9, 0, 0, 0], [0, 0, 0, 0, 0, 4]])
def test_against_a_hard_push_it_is_a_jam_and_seen_earlier(wrench: list[float]) -> None:
    cell = FakeCell()
    cell.held, cell.wrench = True, np.array(wrench, np.float32)
    decisions = [cell.step(0.5 * PRESS) for _ in range(CONFIG.jam_steps + 1)]
    assert decisions[-2].mode is Mode.PRACTICE
    assert decisions[-1].mode is Mode.STUCK
    assert decisions[-1].reason.startswith("jam")


def to_and_fro(step: int) -> np.ndarray:
    return PRESS * (-1) ** step


@pytest.mark.parametrize("share", [0.0, 0.1])
def test_an_arm_that_is_asked_for_little_is_not_stuck(share: float) -> None:
    cell = FakeCell()
    cell.held = True
    assert all(cell.step(share * PRESS).mode is Mode.PRACTICE for _ in range(40))


def test_a_moving_arm_a_dithering_one_and_a_persons_are_not_stuck() -> None:
    moving, dithering, person = FakeCell(), FakeCell(), FakeCell()
    dithering.held = person.held = True
    for step in range(40):
        assert moving.step(0.2 * PRESS).mode is Mode.PRACTICE
        assert dithering.step(to_and_fro(step)).mode is Mode.PRACTICE
        assert person.step(PRESS, Source.HUMAN).mode is Mode.PRACTICE


def grip(cell: FakeCell, widths: list[float], gripper: float) -> list[Mode]:
    modes = []
    for cell.width_m in widths:
        modes.append(cell.step(np.array([0, 0, 0, 0, gripper], np.float32)).mode)
    return modes


def test_what_is_held_and_then_gone_was_dropped() -> None:
    cell = FakeCell()
    assert set(grip(cell, [0.06, 0.04, 0.04, 0.04, 0.04, 0.04, 0.02], -1.0)) == {Mode.PRACTICE}
    assert grip(cell, [0.001], 0.0) == [Mode.STUCK]
    assert cell.supervisor.reason.startswith("dropped")


def test_a_gripper_that_closes_on_nothing_or_opens_drops_nothing() -> None:
    assert set(grip(FakeCell(), [0.06, 0.03, 0.001, 0.001, 0.001], -1.0)) == {Mode.PRACTICE}
    opened = FakeCell()
    grip(opened, [0.04] * 6, -1.0)
    assert set(grip(opened, [0.001, 0.001], 1.0)) == {Mode.PRACTICE}


def test_after_an_attempt_the_arm_goes_up_and_then_to_the_drawn_start() -> None:
    cell = FakeCell()
    decision = cell.follow(cell.step(ended=True, seed=5), 200)
    assert decision.start
    assert cell.supervisor.mode is Mode.RESET
    moved, turned = difference(cell.T, draw_start(STARTS, RIG_START, 5))
    assert np.linalg.norm(moved) < CONFIG.near_m
    assert np.linalg.norm(turned) < CONFIG.near_rad
    assert all(v[-1] == 1.0 for v in cell.values)  # the gripper opens, as the range says
    assert np.abs(cell.values[0][:2]).max() == 0.0  # straight out at first


def test_starts_are_their_seeds_and_inside_the_range() -> None:
    starts = [draw_start(STARTS, RIG_START, seed) for seed in range(100)]
    offsets = np.array([T[:3, 3] for T in starts]) - RIG_START[:3, 3]
    assert (np.abs(offsets) <= STARTS.spread_m).all()
    assert (np.ptp(offsets, axis=0) > 1.6 * np.array(STARTS.spread_m)).all()
    np.testing.assert_array_equal(starts[7], draw_start(STARTS, RIG_START, 7))


def test_a_stuck_arm_goes_back_the_way_it_came() -> None:
    cell = FakeCell()
    along = np.array([1, 0, 0, 0, 0], np.float32)
    for _ in range(10):
        cell.step(along)
    cell.held = True
    while cell.supervisor.mode is Mode.PRACTICE:
        decision = cell.step(along)
    decision, cell.held = cell.advance(along, ended=True), False
    assert decision.mode is Mode.RECOVER
    assert decision.value is not None
    assert decision.value[0] < -0.4
    assert np.abs(decision.value[1:4]).max() < 1e-6
    at = cell.T[:3, 3].copy()
    while decision.mode is Mode.RECOVER:
        decision = cell.follow(decision, 1)
    assert np.linalg.norm(cell.T[:3, 3] - at) >= CONFIG.free_m
    assert cell.follow(decision, 200).start


def test_it_gives_way_to_what_leans_and_turns_but_not_along_its_way() -> None:
    cell = FakeCell()
    cell.held, cell.wrench = True, np.array([4, 0, 9, 0, 0, -1], np.float32)
    while cell.supervisor.mode is Mode.PRACTICE:
        cell.step(PRESS)
    value = cell.advance(PRESS, ended=True).value
    assert value is not None
    np.testing.assert_allclose(value[:4], [0.4, 0, -1, -0.5], atol=1e-6)


def test_an_arm_that_never_gets_free_calls_a_person_in_bounded_time() -> None:
    cell = FakeCell()
    cell.held = True
    while cell.supervisor.mode is Mode.PRACTICE:
        cell.step(PRESS)
    began = cell.now_ns
    decision = cell.follow(cell.advance(PRESS, ended=True), 10_000)
    assert decision.mode is Mode.HELP_NEEDED
    assert "4 tries" in decision.reason
    assert (cell.now_ns - began) * 1e-9 <= CONFIG.tries * (CONFIG.recover_s + 0.1) + 0.1
    assert cell.supervisor.tries == CONFIG.tries


def test_a_way_to_the_start_that_is_blocked_is_a_reason_to_get_free() -> None:
    cell = FakeCell()
    decision = cell.step(ended=True)
    cell.held = True
    while decision.mode is Mode.RESET:
        decision = cell.follow(decision, 1)
    assert decision.mode is Mode.RECOVER
    assert cell.supervisor.tries == 1
    cell.held = False
    assert cell.follow(decision, 300).start


def test_senses_that_stay_away_call_a_person_and_move_nothing() -> None:
    cell = FakeCell()
    cell.step(ended=True)
    for step in range(40):
        decision = cell.step(states={})
        assert decision.value is None
        assert (decision.mode is Mode.HELP_NEEDED) is ((step + 1) * PERIOD_NS > CONFIG.blind_s * 1e9)


def test_a_clock_that_runs_backwards_calls_a_person() -> None:
    cell = FakeCell()
    assert cell.step(ended=True).value is not None
    cell.now_ns -= 3 * PERIOD_NS
    assert cell.step().mode is Mode.HELP_NEEDED


def test_a_config_tells_all_that_is_wrong() -> None:
    with pytest.raises(ConfigError, match=r"(?s)free_m: got 0.*jam_steps: got 20"):
        AutonomyConfig(free_m=0, jam_steps=20)
