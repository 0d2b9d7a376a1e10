"""One arm behind the safety layer: how actions become references, and what stops and losses do to them."""

from __future__ import annotations

import numpy as np
import pytest

from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.se3 import exp_so3, transform
from robot.core.types import Source
from robot.guarded_arm import GuardedArm
from robot.safety.reason import Reason
from tests.unit.arm_bench import CONTROL_S, FADING, LIMITS, SPEC, STEP, ArmBench
from tests.unit.fake_drivers import FakeFollower
from tests.unit.safety_cases import DOWN, MIDDLE, PERIOD_S, limits


@pytest.fixture
def bench() -> ArmBench:
    made = ArmBench()
    made.arm.begin()
    made.run(1)
    return made


@pytest.mark.parametrize("value", [(1.0,), (0.3, -0.7, 0.5), (0, 0, 0, 1.0), (0, 0, -1.0, 0, 0, 0.8)])
def test_the_reference_travels_the_actions_length(bench: ArmBench, value: tuple[float, ...]) -> None:
    bench.command(*value)
    assert bench.run(STEP + FADING) == 0
    translation, turn = SPEC.delta(np.array([*value, *[0.0] * (6 - len(value))], np.float32))
    want = transform(DOWN @ exp_so3(turn), MIDDLE + DOWN @ translation)
    np.testing.assert_allclose(bench.arm.reference.T_base_tcp, want, atol=1e-9)


def test_after_an_action_the_reference_rests_to_the_bit(bench: ArmBench) -> None:
    bench.command(1.0, 0.5, -0.5, 0.3, 0.2, 0.1)
    bench.run(STEP + FADING)
    bench.run(STEP)
    last = bench.driver.sent[-STEP:]
    assert not any(t.twist.any() for t in last)
    assert all(np.array_equal(t.T_base_tcp, last[0].T_base_tcp) for t in last)


def test_it_executes_what_it_was_given_once(bench: ArmBench) -> None:
    bench.command(0.5)
    bench.run(STEP)
    first = bench.arm.executed()
    bench.run(STEP)
    second = bench.arm.executed()
    assert (first.source, first.value[0], second.source) == (Source.POLICY, 0.5, Source.HOLD)
    assert not second.value.any()


@pytest.mark.parametrize("ticks", [1, 4, STEP])
def test_a_new_episode_brakes_a_moving_arm_without_a_jump(bench: ArmBench, ticks: int) -> None:
    bench.command(1.0, -1.0, 1.0)
    bench.run(ticks)
    moving = bench.position.copy()
    bench.arm.begin()
    np.testing.assert_array_equal(bench.position, moving)
    bench.run(3 * STEP)
    assert bench.jerks().max() <= LIMITS.jerk_mps3 * (1 + 1e-6)
    assert not bench.arm.reference.twist.any()


def test_restart_begins_where_the_arm_is(bench: ArmBench) -> None:
    bench.command(1.0)
    bench.run(4)
    bench.driver.T_base_tcp = transform(DOWN, MIDDLE + 0.1)  # as a twin's reset moves it
    bench.arm.restart()
    bench.run(STEP)
    np.testing.assert_array_equal(bench.position, MIDDLE + 0.1)


def test_a_stop_latches_through_a_restart_and_an_episode_until_it_is_cleared(bench: ArmBench) -> None:
    bench.arm.stop("enough")
    bench.arm.restart()
    bench.arm.begin()
    bench.command(1.0)
    assert Reason.STOPPED in bench.run(STEP)
    np.testing.assert_array_equal(bench.position, MIDDLE)
    assert (bench.arm.stopped, bench.arm.executed().source) == ("enough", Source.HOLD)
    bench.arm.clear()
    bench.command(1.0)
    assert bench.run(STEP) == 0
    assert bench.position[0] > MIDDLE[0]


def test_the_first_reason_of_a_stop_is_kept(bench: ArmBench) -> None:
    bench.arm.stop("first")
    bench.arm.stop("second")
    assert bench.arm.stopped == "first"


def test_a_stop_before_the_arm_was_heard_counts() -> None:
    bench = ArmBench()
    bench.driver.unplugged = "no cable"
    bench.arm.begin()
    bench.arm.stop("a person pressed stop")
    bench.driver.unplugged = ""
    bench.command(1.0)
    assert Reason.STOPPED in bench.run(STEP)
    np.testing.assert_array_equal(bench.position, MIDDLE)
    bench.arm.clear()
    bench.command(1.0)
    assert bench.run(STEP) == 0


def test_a_stop_outlives_a_lost_connection(bench: ArmBench) -> None:
    bench.arm.stop("enough")
    bench.driver.unplugged = "no cable"
    bench.run(3)
    bench.driver.unplugged = ""
    bench.run(3)
    assert (bench.arm.lost, bench.arm.stopped) == ("", "enough")


def test_clear_leaves_an_arm_alone_that_is_not_stopped(bench: ArmBench) -> None:
    bench.command(1.0)
    bench.run(5)
    bench.arm.clear()
    bench.run(STEP + FADING - 5)
    np.testing.assert_allclose(bench.position, MIDDLE + np.array([0.01, 0, 0]), atol=1e-9)
    assert bench.driver.recoveries == 0


def test_clear_does_not_jump_while_the_arm_still_brakes(bench: ArmBench) -> None:
    bench.command(1.0)
    bench.run(8)
    bench.arm.stop("enough")
    bench.run(1)
    assert bench.arm.reference.twist.any()
    bench.arm.clear()
    bench.run(3 * STEP)
    assert bench.jerks().max() <= LIMITS.jerk_mps3 * (1 + 1e-6)
    assert not bench.arm.stopped


def test_clear_starts_a_stopped_arm_where_it_was_pushed_to(bench: ArmBench) -> None:
    bench.arm.stop("enough")
    bench.run(3)
    bench.driver.reflex = "pushed"  # it no longer follows
    bench.driver.T_base_tcp = transform(DOWN, MIDDLE + np.array([0, 0.05, 0]))
    bench.arm.clear()
    assert bench.driver.recoveries == 1
    bench.run(STEP)
    np.testing.assert_allclose(bench.position, MIDDLE + np.array([0, 0.05, 0]), atol=1e-12)


def test_a_reflex_stops_the_arm_with_the_drivers_words(bench: ArmBench) -> None:
    bench.driver.reflex = "cartesian_reflex"
    bench.run(1)
    assert bench.arm.stopped == "cartesian_reflex"
    bench.driver.reflex = ""  # gone by itself: a person still has to look
    bench.run(1)
    assert bench.arm.stopped == "cartesian_reflex"


def test_a_failed_recovery_leaves_the_arm_stopped(bench: ArmBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DeviceError("the brakes are closed")

    monkeypatch.setattr(bench.driver, "recover", refuse)
    bench.driver.reflex = "cartesian_reflex"
    bench.run(1)
    with pytest.raises(DeviceError, match="brakes"):
        bench.arm.clear()
    assert bench.arm.stopped == "cartesian_reflex"


def test_clear_keeps_an_arm_on_its_way_home(bench: ArmBench) -> None:
    bench.arm.go_home(transform(DOWN, MIDDLE + np.array([0.05, 0, 0])))
    bench.run(STEP)
    bench.arm.stop("enough")
    bench.run(3 * STEP)
    bench.arm.clear()
    assert not bench.arm.at_home
    bench.run(30 * STEP)
    assert bench.arm.at_home
    np.testing.assert_allclose(bench.position, MIDDLE + np.array([0.05, 0, 0]), atol=0.002)


def test_the_way_home_is_slow_and_smooth(bench: ArmBench) -> None:
    bench.arm.go_home(transform(DOWN, MIDDLE + np.array([0.1, -0.1, 0.1])))
    assert bench.arm.executed().source is Source.RESET
    bench.run(30 * STEP)
    fastest = max(float(np.linalg.norm(t.twist[:3])) for t in bench.driver.sent)
    assert 0.1 < fastest < 0.6 * LIMITS.speed_mps
    assert bench.jerks().max() <= LIMITS.jerk_mps3 * (1 + 1e-6)


def test_the_gripper_moves_by_commands_alone(bench: ArmBench) -> None:
    bench.run(STEP)
    bench.command(1.0)
    bench.run(STEP)
    assert {t.gripper_width_m for t in bench.driver.sent} == {None}


def test_a_gripper_command_is_a_step_from_where_the_gripper_is() -> None:
    bench = ArmBench(gripper_width=0.05)
    bench.arm.begin()
    bench.run(1)
    bench.arm.begin()  # forgets what was commanded, not what is measured
    for way, want in (
        (-0.5, 0.03),
        (-1.0, 0.0),
        (-1.0, 0.0),
        (0.25, 0.01),
        (0.0, 0.01),
        (1.0, 0.05),
        (1.0, 0.08),
    ):
        bench.grip(way)
        bench.run(STEP)
        assert bench.width_m == pytest.approx(want, abs=1e-7)


@pytest.mark.parametrize("hold", ["stopped", "not engaged", "device lost", "not finite"])
def test_an_arm_that_holds_leaves_its_gripper_alone(bench: ArmBench, hold: str) -> None:
    if hold == "stopped":
        bench.arm.stop("enough")
    elif hold == "not finite":
        bench.command(np.nan)
    how = {"source": Source.HUMAN} if hold == "not engaged" else {}
    if hold == "not finite":
        bench.command(np.nan, 0, 0, 0, 0, 0, 1.0)
    else:
        bench.grip(1.0, **how)
    bench.run(STEP, devices_ok=hold != "device lost")
    assert bench.width_m is None
    assert not bench.arm.executed().value.any()


def test_an_unknown_width_never_reaches_the_gripper(bench: ArmBench) -> None:
    bench.driver.measured["gripper_width"] = np.nan
    bench.run(1)
    bench.grip(-1.0)
    bench.run(1)
    assert bench.width_m == 0.0


def test_a_measurement_that_is_nan_at_the_start_starts_nothing() -> None:
    bench = ArmBench(q=np.full(7, np.nan, np.float32))
    bench.arm.begin()
    bench.command(1.0)
    assert bench.run(STEP) == Reason.STALE_STATE
    executed = bench.arm.executed()
    assert (executed.source, executed.reasons) == (Source.HOLD, Reason.STALE_STATE)
    assert not executed.value.any()
    assert not bench.driver.sent
    with pytest.raises(DeviceLost, match="never heard"):
        _ = bench.arm.reference
    bench.driver.measured.clear()
    bench.command(1.0)
    assert bench.run(STEP) == 0
    assert bench.driver.sent


def test_an_arm_of_another_make_is_a_config_error() -> None:
    arm = GuardedArm(FakeFollower(), SPEC, limits(6), CONTROL_S, PERIOD_S)
    with pytest.raises(ConfigError, match="6 joints, but arm 'arm' has 7"):
        arm.tick(0)


def test_a_command_that_nobody_follows_up_is_stale_once(bench: ArmBench) -> None:
    bench.command(1.0)
    assert Reason.STALE_COMMAND not in bench.run(20)
    assert Reason.STALE_COMMAND in bench.run(1)
    assert bench.run(100) == 0
    assert bench.arm.counts["stale_command"] == 1
    bench.command(1.0)  # and again, after another one
    bench.run(100)
    assert bench.arm.counts["stale_command"] == 2


def test_a_command_that_is_not_finite_holds_and_is_told(
    bench: ArmBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.command(np.nan)
    assert Reason.NOT_FINITE in bench.run(STEP)
    assert bench.arm.executed().source is Source.HOLD
    np.testing.assert_array_equal(bench.position, MIDDLE)
    assert "not finite" in caplog.text


def test_a_lost_arm_starts_again_from_where_it_is_found(bench: ArmBench) -> None:
    bench.driver.unplugged = "no cable"
    assert Reason.STALE_STATE in bench.run(2)
    assert bench.arm.lost == "no cable"
    bench.driver.unplugged, bench.driver.measured["q"] = "", np.full(7, np.nan, np.float32)
    bench.driver.T_base_tcp = found = transform(DOWN, MIDDLE + np.array([0, 0.015, 0]))  # by hand, meanwhile
    told = len(bench.driver.sent)
    bench.run(2)
    assert len(bench.driver.sent) == told  # the old reference would pull it back
    bench.driver.measured.clear()
    bench.run(2)
    assert not bench.arm.lost
    np.testing.assert_array_equal(bench.driver.T_base_tcp, found)
