"""The terminal keyboard through a real pseudo-terminal."""

from __future__ import annotations

import os
import select
import termios
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.types import Key
from teleop.device import Reading
from teleop.keyboard import Keyboard, KeyboardConfig


@dataclass
class Desk:
    """A terminal with a person at it."""

    person: int
    terminal: int
    keyboard: Keyboard
    now: list[float] = field(default_factory=lambda: [0.0])

    def type(self, keys: str, after_s: float = 0.0) -> Reading:
        self.now[0] += after_s
        if keys:
            os.write(self.person, keys.encode())
            assert select.select([self.terminal], [], [], 30)[0]
        return self.keyboard.read()

    @property
    def settings(self) -> list[object]:
        return termios.tcgetattr(self.terminal)


@pytest.fixture
def desk() -> Iterator[Desk]:
    person, terminal = os.openpty()
    now = [0.0]
    keyboard = Keyboard(KeyboardConfig(tty=os.ttyname(terminal)), lambda: now[0])
    desk = Desk(person, terminal, keyboard, now)
    yield desk
    keyboard.close()
    os.close(desk.person)
    os.close(terminal)


@pytest.mark.parametrize(
    ("key", "axis", "sign"),
    [(k, i // 2, 1 - 2 * (i % 2)) for i, k in enumerate("wsadrfuhikjl")],
)
def test_a_key_deflects_its_axis(desk: Desk, key: str, axis: int, sign: int) -> None:
    desk.keyboard.connect()
    reading = desk.type(key)
    want = np.zeros(6)
    want[axis] = sign
    np.testing.assert_array_equal(reading.axes, want)
    assert (reading.engaged, reading.gripper, reading.keys) == (True, 0.0, ())


def test_a_press_fades_when_the_terminal_stops_repeating_it(desk: Desk) -> None:
    desk.keyboard.connect()
    desk.type("w")
    held = [desk.type("w", after_s=0.03).axes[0] for _ in range(20)]
    assert held == [1.0] * 20
    fading = [desk.type("", after_s=0.05) for _ in range(5)]
    np.testing.assert_allclose([r.axes[0] for r in fading], [1, 1, 0.5, 0, 0], atol=1e-6)
    assert [r.engaged for r in fading] == [True, True, True, False, False]


def test_two_axes_at_once_the_newest_sign_and_space_lets_go(desk: Desk) -> None:
    desk.keyboard.connect()
    np.testing.assert_array_equal(desk.type("wsa").axes[:2], [-1, 1])
    released = desk.type(" ")
    assert not released.axes.any()
    assert not released.engaged


def test_the_gripper_keys_engage_and_fade_too(desk: Desk) -> None:
    desk.keyboard.connect()
    seen = [desk.type("o"), desk.type("c", 0.01), desk.type("", 1.0)]
    assert [(r.gripper, r.engaged) for r in seen] == [(1, True), (-1, True), (0, False)]


def test_the_operators_keys_come_once_and_move_nothing(desk: Desk) -> None:
    desk.keyboard.connect()
    reading = desk.type("ynq\x1b[Ax")
    assert reading.keys == (Key.SUCCESS, Key.FAILURE, Key.STOP, Key.CLEAR)
    assert len(reading.key_stamps_ns) == 4
    assert not reading.engaged
    assert desk.type("").keys == ()


def test_the_terminal_is_restored_and_can_be_taken_again(desk: Desk) -> None:
    before = desk.settings
    desk.keyboard.connect()
    assert desk.settings != before
    desk.keyboard.close()
    desk.keyboard.close()
    assert desk.settings == before
    desk.keyboard.connect()
    desk.keyboard.connect()  # as after a loss: keeps the first settings, not its own
    assert desk.type("w").engaged
    desk.keyboard.close()
    assert desk.settings == before


def test_what_was_typed_before_is_forgotten(desk: Desk) -> None:
    os.write(desk.person, b"wq\n")
    assert select.select([desk.terminal], [], [], 30)[0]
    desk.keyboard.connect()
    assert desk.type("y").keys == (Key.SUCCESS,)


def test_a_closed_terminal_is_a_lost_device(desk: Desk) -> None:
    desk.keyboard.connect()
    os.close(desk.person)
    desk.person = os.open(os.devnull, os.O_RDONLY)
    with pytest.raises(DeviceLost, match="was closed"):
        desk.keyboard.read()
    with pytest.raises(DeviceError):
        desk.keyboard.connect()  # there is no terminal to come back to


def test_what_is_no_terminal_is_refused(desk: Desk) -> None:
    with pytest.raises(DeviceError, match="run the command in a terminal"):
        Keyboard(KeyboardConfig(tty="/no/tty")).connect()
    with pytest.raises(DeviceError, match="/dev/null is no usable terminal"):
        Keyboard(KeyboardConfig(tty="/dev/null")).connect()
    with pytest.raises(ConfigError, match=r"hold_s.*\n.*decay_s"):
        KeyboardConfig(hold_s=0.0, decay_s=-1.0)


def test_in_the_background_it_refuses_instead_of_being_stopped(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp() + 1)
    before = desk.settings
    with pytest.raises(DeviceError, match="foreground"):
        desk.keyboard.connect()
    assert desk.settings == before
