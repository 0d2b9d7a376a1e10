"""The leader arm: clutch, no jump, catching up, and that the follower ends where the leader went."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.se3 import exp_so3, log_so3, transform
from robot.core.types import Key, RobotState
from teleop.device import Reading
from teleop.leader import LeaderArm, LeaderConfig

DT_S = 0.1
CONFIG = LeaderConfig("twin", speed_mps=0.1, turn_speed_radps=0.5, clutch="gamepad", open_width_m=0.08)


@dataclass
class FakeLeader:
    """Stands where it is put."""

    position: Any = (0.4, 0.1, 0.3)
    turn: Any = (0.0, 0.0, 0.0)
    width: float = 0.08
    gone: bool = False
    open: bool = False

    def connect(self) -> None:
        if self.gone:
            raise DeviceError("no leader")
        self.open = True

    def state(self) -> RobotState:
        if self.gone:
            raise DeviceLost("leader gone")
        z = np.zeros(7, np.float32)
        T = transform(exp_so3(self.turn), self.position)
        return RobotState(0, "leader", z, z, z, T, z[:6], z[:6], self.width)

    def close(self) -> None:
        self.open = False


@dataclass
class FakePedal:
    """A clutch that is down or up."""

    Config: ClassVar = dict
    down: bool = False
    keys: tuple[Key, ...] = ()
    open: bool = False

    def connect(self) -> None:
        self.open = True

    def read(self) -> Reading:
        return Reading(np.ones(6, np.float32), self.down, 0.0, self.keys, (9,) * len(self.keys))

    def close(self) -> None:
        self.open = False


@dataclass
class Cell:
    """A leader, its pedal, and a follower that does what it is told."""

    leader: FakeLeader = field(default_factory=FakeLeader)
    pedal: FakePedal = field(default_factory=FakePedal)
    now: float = 0.0
    moved: Any = field(default_factory=lambda: np.zeros(3))
    turned: Any = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        self.device = LeaderArm(CONFIG, self.leader, self.pedal, lambda: self.now)
        self.device.connect()

    def step(self) -> Reading:
        reading = self.device.read()
        self.moved = self.moved + reading.axes[:3] * CONFIG.speed_mps * DT_S
        self.turned = exp_so3(reading.axes[3:] * CONFIG.turn_speed_radps * DT_S) @ self.turned
        self.now += DT_S
        return reading


def test_without_the_clutch_nothing_moves() -> None:
    cell = Cell()
    for x in (0.4, 0.5, 0.6):
        cell.leader.position = (x, 0, 0)
        reading = cell.step()
        assert not reading.engaged
        assert not reading.axes.any()
        assert reading.gripper == 0


def test_engaging_never_jumps_wherever_the_leader_stands() -> None:
    cell = Cell()
    cell.step()
    cell.leader.position, cell.leader.turn, cell.leader.width = (0.9, -0.5, 0.1), (1, 2, 0), 0.0
    cell.pedal.down = True
    readings = [cell.step() for _ in range(5)]
    assert all(r.engaged for r in readings)
    assert not np.any([r.axes for r in readings])
    assert {r.gripper for r in readings} == {0.0}


def test_the_follower_ends_where_the_leader_went_and_never_beyond() -> None:
    cell = Cell()
    cell.pedal.down = True
    cell.step()
    cell.leader.position = np.add(cell.leader.position, (0.05, -0.02, 0.01))
    cell.leader.turn = (0.1, 0.0, 0.3)
    along = []
    for _ in range(40):
        reading = cell.step()
        along.append(cell.moved[0])
        assert np.abs(reading.axes).max() <= 1
    np.testing.assert_allclose(cell.moved, (0.05, -0.02, 0.01), atol=1e-6)
    np.testing.assert_allclose(log_so3(cell.turned), (0.1, 0, 0.3), atol=1e-6)
    assert along == sorted(along)
    assert max(along) <= 0.05 + 1e-6


def test_a_leader_that_is_too_fast_is_caught_up_with_at_full_speed_on_a_straight_line() -> None:
    cell = Cell()
    cell.pedal.down = True
    cell.step()
    cell.leader.position = np.add(cell.leader.position, (0.3, 0.4, 0.0))
    first = cell.step()
    np.testing.assert_allclose(first.axes[:3], (0.6, 0.8, 0), atol=1e-6)
    for _ in range(80):
        cell.step()
    np.testing.assert_allclose(cell.moved, (0.3, 0.4, 0), atol=1e-5)


def test_the_leader_can_be_brought_back_while_the_clutch_is_out() -> None:
    cell = Cell()
    cell.pedal.down = True
    cell.step()
    cell.leader.position = np.add(cell.leader.position, (0.02, 0, 0))
    for _ in range(30):
        cell.step()
    cell.pedal.down = False
    cell.leader.position = (0.4, 0.1, 0.3)
    cell.step()
    cell.pedal.down = True
    assert not np.any([cell.step().axes for _ in range(5)])
    np.testing.assert_allclose(cell.moved, (0.02, 0, 0), atol=1e-6)


def test_a_long_pause_between_readings_counts_as_no_more_than_the_way_that_was_left() -> None:
    cell = Cell()
    cell.pedal.down = True
    cell.step()
    cell.leader.position = np.add(cell.leader.position, (0.01, 0, 0))
    cell.step()
    cell.now += 5.0
    np.testing.assert_allclose(cell.device.read().axes, np.zeros(6), atol=1e-6)


def test_the_grip_counts_once_it_has_changed() -> None:
    cell = Cell()
    cell.pedal.down = True
    seen = []
    for width in (0.08, 0.08, 0.01, 0.01, 0.07):
        cell.leader.width = width
        seen.append(cell.step().gripper)
    assert seen == [0, 0, -1, -1, 1]


def test_the_clutchs_keys_pass_through() -> None:
    cell = Cell()
    cell.pedal.keys = (Key.STOP,)
    reading = cell.step()
    assert (reading.keys, reading.key_stamps_ns) == ((Key.STOP,), (9,))


def test_a_lost_leader_is_lost_and_starts_again_without_a_jump() -> None:
    cell = Cell()
    cell.pedal.down = True
    cell.step()
    cell.leader.gone = True
    with pytest.raises(DeviceLost, match="leader gone"):
        cell.step()
    with pytest.raises(DeviceError, match="no leader"):
        cell.device.connect()
    assert not cell.pedal.open  # nothing stays half open
    cell.leader.gone, cell.leader.position = False, (0.9, 0, 0)
    cell.device.connect()
    assert not cell.step().axes.any()
    cell.device.close()
    cell.device.close()
    assert not cell.leader.open


def test_arm_and_clutch_are_made_by_name_with_checked_options(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class FakeOptions:
        host: str

    class FakeArm(FakeLeader):
        Config: ClassVar = FakeOptions

        def __init__(self, arm: str, config: FakeOptions) -> None:
            super().__init__()
            self.made = (arm, config.host)

    module = types.ModuleType("sim.arm")
    module.__dict__["TwinArm"] = FakeArm
    monkeypatch.setitem(sys.modules, "sim.arm", module)
    device = LeaderArm(LeaderConfig("twin", 0.1, 0.5, "gamepad", options={"host": "leader.lab"}))
    assert device._leader.made == ("leader", "leader.lab")  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match="did you mean 'host'"):
        LeaderArm(LeaderConfig("twin", 0.1, 0.5, "gamepad", options={"hots": "leader.lab"}))


def test_every_bad_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        LeaderConfig("twin", speed_mps=0.0, turn_speed_radps=-1.0, clutch="leader")
    assert len(caught.value.problems) == 3
