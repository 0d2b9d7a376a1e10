"""The SpaceMouse through pyspacemouse's own parser, from raw HID reports below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from policies.tasks.peg_insert import PEG_INSERT_STATE
from robot.core import topics
from robot.core.errors import ConfigError, DeviceError, DeviceLost, UnknownName
from robot.core.topics import Topic
from robot.core.types import Action, DeviceHealth, Key, RobotState, Source, TeleopCommand
from robot.rig import TeleopRig
from teleop import spacemouse_reader
from teleop.device import Reading
from teleop.hid_devices import UDEV_RULE, connected_hid_devices
from teleop.nodes import ArbiterNode
from teleop.spacemouse import SpaceMouse, SpaceMouseConfig
from teleop.spacemouse_reader import SpaceMouseReader
from teleop.teleop_node import TeleopNode
from tests.sdk.fake_hid import SPECS, FakeHid

TELEOP_RIG, STATE = TeleopRig("spacemouse", "arm"), topics.arm_state("arm")
USB, WIRELESS, PRO = "SpaceNavigator", "SpaceMouseWireless", "SpaceMouseProWireless"


@contextmanager
def connected(*hids: FakeHid, config: SpaceMouseConfig | None = None) -> Iterator[Callable[[], Reading]]:
    """Reads once everything that was sent has been taken in."""
    mouse = SpaceMouse(config or SpaceMouseConfig(), lambda: hids)
    mouse.connect()

    def read() -> Reading:
        next(h for h in hids if h.is_open).drained()
        return mouse.read()

    yield read
    mouse.close()
    mouse.close()
    assert not any(h.is_open for h in hids)


def lost(mouse: SpaceMouse) -> str:
    """Read until it is lost, and why."""
    while True:
        try:
            mouse.read()
        except DeviceLost as error:
            return str(error)


# HID convention is x right, y to the person, z down; a reading's is x forward, y left, z up.
PUSHES = [
    ({"y": -350}, [1, 0, 0, 0, 0, 0]),  # forward
    ({"x": -350}, [0, 1, 0, 0, 0, 0]),  # left
    ({"z": -350}, [0, 0, 1, 0, 0, 0]),  # up
    ({"ry": -350}, [0, 0, 0, 1, 0, 0]),  # right side down: right-handed about forward
    ({"rx": -350}, [0, 0, 0, 0, 1, 0]),  # front down: right-handed about left
    ({"rz": -350}, [0, 0, 0, 0, 0, 1]),  # counter-clockwise from above
    ({"x": 175, "y": 35, "rz": 700}, [-0.1, -0.5, 0, 0, 0, -1]),  # clipped
]


@pytest.mark.parametrize("model", list(SPECS))
def test_every_models_reports_become_readings_in_the_persons_frame(model: str) -> None:
    hid = FakeHid(model)
    with connected(hid) as read:
        for counts, want in PUSHES:
            hid.push(**counts)
            reading = read()
            np.testing.assert_allclose(reading.axes, want, atol=1e-6)
            assert reading.engaged
        hid.push()
        assert not read().engaged


@pytest.mark.parametrize("model", [USB, WIRELESS])
def test_two_buttons_work_the_gripper_and_touching_them_engages(model: str) -> None:
    hid = FakeHid(model)
    with connected(hid) as read:
        seen = []
        for held in ((), ("LEFT",), ("RIGHT",), ("LEFT", "RIGHT"), ()):
            hid.hold(*held)
            reading = read()
            seen.append((reading.gripper, reading.engaged))
    assert seen == [(0, False), (-1, True), (1, True), (0, False), (0, False)]


def test_no_press_is_lost_between_two_readings_and_each_comes_once() -> None:
    hid = FakeHid(PRO)
    with connected(hid) as read:
        for held in (("BTN_3",), (), ("ESC",), ("ESC", "BTN_4"), (), ("BTN_3", "BTN_1"), ()):
            hid.hold(*held)
        reading = read()
        assert reading.keys == (Key.SUCCESS, Key.STOP, Key.FAILURE, Key.SUCCESS)
        assert list(reading.key_stamps_ns) == sorted(reading.key_stamps_ns)
        assert reading.gripper == -1  # up again, but it was down
        assert (read().keys, read().gripper) == ((), 0)


def test_a_button_can_be_the_dead_man() -> None:
    hid = FakeHid(PRO)
    with connected(hid, config=SpaceMouseConfig(dead_man="ALT", buttons={"clear": "MENU"})) as read:
        hid.push(y=-350)
        assert not read().engaged
        hid.hold("ALT", "MENU")
        reading = read()
        assert (reading.engaged, reading.keys, reading.axes[0]) == (True, (Key.CLEAR,), 1)


def test_an_unplugged_device_is_lost_and_can_be_connected_again() -> None:
    old, new = FakeHid(USB), FakeHid(USB, path="/dev/hidraw9")
    there = [old]
    mouse = SpaceMouse(SpaceMouseConfig(), lambda: there)
    mouse.connect()
    old.unplug()
    assert "SpaceNavigator at /dev/hidraw7: stopped answering" in lost(mouse)
    there.clear()
    with pytest.raises(DeviceError, match="plug it in"):
        mouse.connect()
    there.append(new)
    mouse.connect()
    new.push(y=-350)
    new.drained()
    assert mouse.read().axes[0] == 1
    mouse.close()


def test_reports_without_a_value_are_a_device_to_complain_about(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spacemouse_reader, "PAUSE_S", 1e9)  # however slowly this machine sends them
    hid = FakeHid(WIRELESS)
    mouse = SpaceMouse(SpaceMouseConfig(), lambda: [hid])
    mouse.connect()
    for _ in range(spacemouse_reader.ZERO_REPORTS):
        hid.push()
    assert "only zeros" in lost(mouse)
    mouse.close()


def test_zeros_after_a_value_or_after_a_pause_are_a_device_at_rest() -> None:
    now = [0.0]
    for useful, pause_s in ((True, 0.0), (False, 2.0)):
        hid = FakeHid(WIRELESS)
        hid.open()
        reader = SpaceMouseReader(SPECS[WIRELESS], hid, lambda: now[0])
        reader.start()
        hid.push(x=int(useful))
        for _ in range(spacemouse_reader.ZERO_REPORTS - 2):
            hid.push()
        hid.drained()
        now[0] += pause_s
        hid.push()
        hid.drained()
        assert not reader.take().axes.any()
        reader.close()


def test_a_deflected_puck_that_falls_silent_has_lost_its_radio() -> None:
    now, hid = [0.0], FakeHid(WIRELESS)
    hid.open()
    reader = SpaceMouseReader(SPECS[WIRELESS], hid, lambda: now[0])
    reader.start()
    hid.push(x=100)
    hid.drained()
    now[0] = 0.4
    assert reader.take().axes.any()
    now[0] = 0.6
    with pytest.raises(DeviceLost, match=r"silent for 0\.6 s while deflected"):
        reader.take()
    hid.push()
    hid.drained()
    now[0] = 99.0
    assert not reader.take().axes.any()  # at rest it may be silent for ever
    reader.close()


def test_the_interface_that_sends_axes_is_chosen_whatever_comes_first() -> None:
    keyboard, puck = FakeHid(WIRELESS, "/dev/hidraw1", usage=6), FakeHid(WIRELESS, "/dev/hidraw2")
    with connected(keyboard, puck):
        assert puck.is_open
        assert not keyboard.is_open


@pytest.mark.parametrize(
    "config",
    [
        SpaceMouseConfig(serial="B"),
        SpaceMouseConfig(path="/dev/hidraw2"),
        SpaceMouseConfig(model=WIRELESS),
    ],
)
def test_one_of_two_is_chosen_by_serial_path_or_model(config: SpaceMouseConfig) -> None:
    first = FakeHid(USB, "/dev/hidraw1", serial="A")
    second = FakeHid(WIRELESS, "/dev/hidraw2", serial="B")
    with connected(first, second, config=config):
        assert (first.is_open, second.is_open) == (False, True)


def test_no_permission_names_the_node_its_owner_and_the_udev_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "hidraw3"
    node.touch(mode=0o600)
    hid = FakeHid(USB, path=str(node))
    hid.refuses = True
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # the tests may run as root
    with pytest.raises(DeviceError) as caught:
        SpaceMouse(SpaceMouseConfig(), lambda: [hid]).connect()
    message = str(caught.value)
    assert f"no permission to open {node} (owner {node.owner()}:{node.group()}, mode 0600)" in message
    assert UDEV_RULE in message
    assert "sudo cp launch/udev/70-nudge-spacemouse.rules /etc/udev/rules.d/" in message


def test_the_rule_in_the_message_is_the_rule_in_the_file_and_the_file_covers_every_model() -> None:
    rules = (Path(__file__).parents[2] / "launch/udev/70-nudge-spacemouse.rules").read_text()
    assert UDEV_RULE in rules.splitlines()
    for info in SPECS.values():
        vendor, product = f"{info.vendor_id:04X}", f"{info.product_id:04X}"
        assert f"*:{vendor}:*" in rules or f"*:{vendor}:{product}.*" in rules, info.name


def test_what_is_not_there_is_said_beside_what_is() -> None:
    with pytest.raises(DeviceError, match="wanted any model, found none; plug it in"):
        SpaceMouse(SpaceMouseConfig(), list).connect()
    hid = FakeHid(USB, serial="A1")
    with pytest.raises(DeviceError, match=r"wanted serial B2, found SpaceNavigator \(serial A1"):
        SpaceMouse(SpaceMouseConfig(serial="B2"), lambda: [hid]).connect()
    with pytest.raises(UnknownName, match="did you mean 'SpaceMouseWireless'"):
        SpaceMouse(SpaceMouseConfig(model="SpacemouseWireless"), lambda: [hid]).connect()
    with pytest.raises(DeviceError, match=r"has no button 'LEFFT'; did you mean 'LEFT'"):
        SpaceMouse(SpaceMouseConfig(dead_man="LEFFT"), lambda: [hid]).connect()


def test_buttons_are_checked_when_the_rig_is_read() -> None:
    with pytest.raises(ConfigError, match="did you mean 'gripper_open'"):
        SpaceMouseConfig(buttons={"griper_open": "LEFT"})
    with pytest.raises(ConfigError, match="LEFT has two roles"):
        SpaceMouseConfig(dead_man="LEFT", buttons={"stop": "LEFT"})


def test_a_missing_sdk_or_c_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "easyhid", None)
    with pytest.raises(DeviceError, match=r"pip install 'nudge\[spacemouse\]'"):
        connected_hid_devices()


def test_without_hidapi_the_message_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise AttributeError("undefined symbol: hid_enumerate")

    monkeypatch.setattr("easyhid.Enumeration", missing)
    with pytest.raises(DeviceError, match="sudo apt-get install libhidapi-hidraw0"):
        connected_hid_devices()


def test_unplugged_in_the_middle_of_a_correction_the_arm_holds_and_the_device_comes_back() -> None:
    hid, period_ns = FakeHid(WIRELESS), 100_000_000
    there, decided, health = [hid], list[Action](), list[DeviceHealth]()
    teleop = TeleopNode(SpaceMouse(SpaceMouseConfig(), lambda: there), TELEOP_RIG, retry_s=0.001)
    arbiter = ArbiterNode(PEG_INSERT_STATE, ("arm",), lockstep=False)
    arbiter.publish = lambda topic, action: decided.append(action)

    def publish(topic: Topic, message: TeleopCommand | DeviceHealth) -> None:
        arbiter.on(topic, message) if isinstance(message, TeleopCommand) else health.append(message)

    def step(t: int) -> Source:
        z = np.zeros(7, np.float32)
        teleop.on(STATE, RobotState(t * period_ns, "arm", z, z, z, np.eye(4), z[:6], z[:6], 0.0))
        arbiter.on(topics.PROPOSED, Action(t * period_ns, z[:4], z[:4], z[:4]))
        return decided[-1].source

    teleop.publish = publish
    teleop.start()
    assert step(0) is Source.POLICY  # nobody leans on it
    hid.push(y=-350)
    hid.drained()
    assert (step(1), decided[-1].value[0]) == (Source.HUMAN, pytest.approx(0.6))  # a bounded hand-over
    hid.unplug()
    there[:] = []
    while not health:
        teleop.tick(period_ns)
    assert "check the cable" in health[0].reason
    assert (step(2), decided[-1].value.any()) == (Source.HOLD, False)
    there.append(FakeHid(WIRELESS, path="/dev/hidraw8"))
    while not health[-1].ok:
        teleop.tick(2 * period_ns)
    assert step(3) is Source.POLICY
    teleop.close()
