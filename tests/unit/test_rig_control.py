"""Two arms under one hand: each gets its part of the action, and when one must hold they both do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from robot.core.spec import ArmActionSpec
from robot.core.types import Action, DeviceHealth, Event, Key, Source, SpeedScale
from robot.guarded_arm import GuardedArm
from robot.rig_control import RigControl
from robot.safety.reason import Reason
from tests.unit.arm_bench import CONTROL_S, LIMITS, STEP
from tests.unit.fake_drivers import FakeFollower
from tests.unit.safety_cases import MIDDLE, PERIOD_S

LEFT = ArmActionSpec("left", ("x", "y"), 0.01, 0.05, gripper=True)
RIGHT = ArmActionSpec("right", ("z",), 0.02, 0.05)
ACTION = np.array([1.0, 0.5, -1.0, -0.5], np.float32)  # left x, left y, left gripper, right z
ZERO = np.zeros(4, np.float32)
HALF = np.float32(0.5)


class Rig:
    """Two arms, and the time."""

    def __init__(self) -> None:
        self.drivers = [FakeFollower("left"), FakeFollower("right")]
        specs = zip(self.drivers, (LEFT, RIGHT), strict=True)
        self.control = RigControl([GuardedArm(d, s, LIMITS, CONTROL_S, PERIOD_S) for d, s in specs])
        self.now_ns = 0
        self._at(1_000_000_000)
        self.control.begin()

    def step(self, value: np.ndarray | None = None, ticks: int = STEP) -> Action:
        """A control step under a person's command, or none; what was executed."""
        if value is not None:
            action = Action(
                self.now_ns, value, HALF * value, HALF * HALF * value, Source.HUMAN, 7, engaged=True
            )
            self.control.command(action, self.now_ns)
        for _ in range(ticks):
            self._at(self.now_ns + round(PERIOD_S * 1e9))
            self.control.tick(self.now_ns)
        return self.control.executed(self.now_ns)

    def health(self) -> list[DeviceHealth]:
        return self.control.health(self.now_ns)

    def moved(self) -> list[list[float]]:
        """[2][3] m, of both references since the start."""
        return [(a.reference.T_base_tcp[:3, 3] - MIDDLE).round(12).tolist() for a in self.control.arms]

    def _at(self, now_ns: int) -> None:
        self.now_ns = now_ns
        for driver in self.drivers:
            driver.now_ns = now_ns


@pytest.fixture
def rig() -> Rig:
    return Rig()


def device(ok: bool, name: str = "camera/wrist") -> DeviceHealth:
    return DeviceHealth(0, name, ok, "" if ok else "no frame for 0.5 s")


def test_each_arm_gets_its_slice_of_the_action(rig: Rig) -> None:
    executed = rig.step(ACTION)
    rig.step()
    left, right = rig.moved()
    np.testing.assert_allclose(left, [0.01, -0.005, 0.0], atol=1e-9)  # the tool points down
    np.testing.assert_allclose(right, [0.0, 0.0, 0.01], atol=1e-9)
    widths = [d.sent[STEP - 1].gripper_width_m for d in rig.drivers]
    assert widths[1] is None
    assert widths[0] == pytest.approx(0.0)
    np.testing.assert_array_equal(executed.value, ACTION)
    np.testing.assert_array_equal([executed.base, executed.residual], [0.5 * ACTION, 0.25 * ACTION])
    assert (executed.source, executed.weights_version, executed.engaged) == (Source.HUMAN, 7, True)


def test_a_step_without_a_command_is_a_hold(rig: Rig) -> None:
    rig.step(ACTION)
    executed = rig.step()
    assert (executed.source, executed.weights_version, executed.safety) == (Source.HOLD, 0, 0)
    np.testing.assert_array_equal([executed.value, executed.base, executed.residual], [ZERO] * 3)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("trouble", ["reflex", "unplugged"])
def test_when_one_arm_stops_or_is_lost_the_other_holds(rig: Rig, which: int, trouble: str) -> None:
    rig.step()
    before = rig.moved()
    setattr(rig.drivers[which], trouble, "trouble")
    rig.step(ticks=1)
    executed = rig.step(ACTION)
    assert executed.source is Source.HOLD
    assert Reason.DEVICE_LOST in Reason(executed.safety)
    np.testing.assert_array_equal(executed.value, ZERO)
    assert rig.moved() == before


def test_a_trouble_in_mid_step_holds_both_within_a_guard_period(rig: Rig) -> None:
    rig.step(ACTION, ticks=3)
    rig.drivers[1].reflex = "cartesian_reflex"
    executed = rig.step(ticks=2)
    assert executed.source is Source.HOLD
    rig.step()
    assert not any(a.reference.twist.any() for a in rig.control.arms)


def test_health_tells_each_change_once(rig: Rig) -> None:
    assert not rig.health()
    rig.drivers[0].unplugged = "arm 'left': no cable"
    rig.step()
    assert rig.health() == [DeviceHealth(rig.now_ns, "arm/left", False, "arm 'left': no cable")]
    rig.drivers[1].unplugged = "arm 'right': no cable"
    rig.step()
    assert [(h.device, h.ok) for h in rig.health()] == [("arm/right", False)]
    assert not rig.health()
    rig.drivers[0].unplugged = ""
    rig.step()
    assert [(h.device, h.ok) for h in rig.health()] == [("arm/left", True)]
    assert not rig.health()


def test_a_report_names_the_reason(rig: Rig) -> None:
    rig.control.hear(device(False))
    report = rig.control.report(5, rig.step(ACTION))
    assert (report.node, report.text, report.values["stopped"]) == ("safety", "no frame for 0.5 s", 0.0)
    assert report.values["left/device_lost"] == report.values["right/device_lost"] == STEP
    rig.control.hear(device(True))
    assert "speed" in rig.control.report(5, _too_fast(rig)).text
    rig.drivers[0].unplugged = "arm 'left': no cable"
    assert rig.control.report(5, rig.step()).text == "arm 'left': no cable"
    rig.control.hear(Event(0, Key.STOP, "a person ran"))
    report = rig.control.report(5, rig.step())
    assert report.text == "left: a person ran; right: a person ran"
    assert report.values["stopped"] == 1.0


def test_stop_stops_all_and_clear_lets_them_move(rig: Rig) -> None:
    rig.control.hear(Event(0, Key.STOP))
    assert rig.step(ACTION).source is Source.HOLD
    assert rig.control.stopped == "left: a person pressed stop; right: a person pressed stop"
    rig.control.hear(Event(0, Key.SUCCESS))
    assert rig.control.stopped
    rig.control.hear(Event(0, Key.CLEAR))
    assert not rig.control.stopped
    assert rig.step(ACTION).source is Source.HUMAN


def test_clear_recovers_only_what_needs_it(rig: Rig) -> None:
    rig.drivers[1].reflex = "cartesian_reflex"
    rig.step()
    rig.control.hear(Event(0, Key.CLEAR))
    assert [d.recoveries for d in rig.drivers] == [0, 1]
    assert rig.step(ACTION).source is Source.HUMAN


def test_clear_in_mid_motion_disturbs_nothing(rig: Rig) -> None:
    rig.step(ACTION, ticks=5)
    rig.control.hear(Event(0, Key.CLEAR))
    rig.step(ticks=STEP + 2)
    np.testing.assert_allclose(rig.moved()[0], [0.01, -0.005, 0.0], atol=1e-9)


def test_a_device_holds_the_rig_until_it_is_back(rig: Rig) -> None:
    rig.control.hear(device(False))
    rig.control.hear(device(False, "camera/front"))
    rig.control.hear(device(True))
    assert rig.step(ACTION).source is Source.HOLD
    rig.control.hear(device(True, "camera/front"))
    assert rig.step(ACTION).source is Source.HUMAN


def test_what_others_say_of_an_arm_is_not_believed(rig: Rig) -> None:
    rig.control.hear(device(False, "arm/left"))
    assert rig.step(ACTION).source is Source.HUMAN


def test_people_near_slow_both_arms_down(rig: Rig) -> None:
    rig.control.hear(SpeedScale(0, 0.1, "scanner"))
    rig.step(ACTION)
    speeds = [max(float(np.linalg.norm(t.twist[:3])) for t in d.sent) for d in rig.drivers]
    assert 0.5 * 0.1 * LIMITS.speed_mps < max(speeds) <= 0.1 * LIMITS.speed_mps + 1e-6
    rig.step()
    rig.control.hear(SpeedScale(0, 1.0))
    assert rig.step(ACTION).safety == 0


def test_a_new_episode_forgets_what_was_under_way(rig: Rig) -> None:
    rig.control.command(replace(Action(rig.now_ns, ACTION, ZERO, ZERO), weights_version=3), rig.now_ns)
    rig.control.begin()
    executed = rig.step()
    assert (executed.source, executed.weights_version) == (Source.HOLD, 0)
    assert rig.moved() == [[0.0] * 3] * 2


def test_the_states_are_in_the_actions_order(rig: Rig) -> None:
    rig.drivers[1].unplugged = "no cable"
    left, right = rig.control.states()
    assert left is not None
    assert (left.arm, right) == ("left", None)


def _too_fast(rig: Rig) -> Action:
    rig.control.hear(SpeedScale(0, 0.1))
    executed = rig.step(ACTION)
    rig.control.hear(SpeedScale(0, 1.0))
    return executed
