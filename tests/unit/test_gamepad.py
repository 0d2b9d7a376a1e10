"""The gamepad through SDL's real event queue; only the controller itself is fake."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pygame
import pytest

from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.types import Key
from teleop.gamepad import Gamepad, GamepadConfig

XBOX, SONY = "Xbox 360 Controller", "Sony Interactive Entertainment DualSense"


@dataclass
class FakeJoystick:
    """Counts like SDL's own, and sends by posting."""

    instance_id: int
    name: str
    axes: int = 6
    buttons: int = 11
    open: bool = True

    def get_instance_id(self) -> int:
        return self.instance_id

    def get_name(self) -> str:
        return self.name

    def get_numaxes(self) -> int:
        return self.axes

    def get_numbuttons(self) -> int:
        return self.buttons

    def quit(self) -> None:
        self.open = False

    def post(self, kind: int, **what: Any) -> None:
        pygame.event.post(pygame.event.Event(kind, instance_id=self.instance_id, **what))

    def move(self, axis: int, value: float) -> None:
        self.post(pygame.JOYAXISMOTION, axis=axis, value=value)

    def press(self, *buttons: int) -> None:
        for button in buttons:
            self.post(pygame.JOYBUTTONDOWN, button=button)

    def release(self, *buttons: int) -> None:
        for button in buttons:
            self.post(pygame.JOYBUTTONUP, button=button)

    def unplug(self) -> None:
        self.post(pygame.JOYDEVICEREMOVED)


@pytest.fixture(autouse=True)
def sdl() -> Iterator[None]:
    yield
    pygame.quit()  # with its queue


def connected(*pads: FakeJoystick, config: GamepadConfig | None = None) -> Gamepad:
    gamepad = Gamepad(config or GamepadConfig(), lambda: pads)
    gamepad.connect()
    return gamepad


@pytest.mark.parametrize(("name", "right"), [(XBOX, (3, 4)), (SONY, (2, 3))])
def test_the_sticks_move_as_the_person_pushes_them(name: str, right: tuple[int, int]) -> None:
    pad = FakeJoystick(1, name)
    gamepad = connected(pad)
    np.testing.assert_array_equal(gamepad.read().axes, np.zeros(6))
    pad.move(1, -0.5)  # SDL counts up as negative: forward
    pad.move(0, -0.25)  # left
    pad.move(right[1], -0.75)  # up
    pad.move(right[0], 1.0)  # right: clockwise
    np.testing.assert_allclose(gamepad.read().axes, [0.5, 0.25, 0.75, 0, 0, -1])
    pad.move(1, 0.0)
    np.testing.assert_allclose(gamepad.read().axes, [0, 0.25, 0.75, 0, 0, -1])
    gamepad.close()


@pytest.mark.parametrize(("name", "shoulder"), [(XBOX, 4), (SONY, 9)])
def test_engaged_while_the_shoulder_button_is_held(name: str, shoulder: int) -> None:
    pad = FakeJoystick(1, name)
    gamepad = connected(pad)
    pad.move(1, -1.0)
    seen = [gamepad.read().engaged]
    pad.press(shoulder)
    seen += [gamepad.read().engaged, gamepad.read().engaged]
    pad.release(shoulder)
    assert [*seen, gamepad.read().engaged] == [False, True, True, False]
    gamepad.close()


def test_no_press_is_lost_between_two_readings_and_each_comes_once() -> None:
    pad = FakeJoystick(1, XBOX)
    gamepad = connected(pad)
    for button in (3, 6, 2, 0):
        pad.press(button)
        pad.release(button)
    reading = gamepad.read()
    assert reading.keys == (Key.SUCCESS, Key.STOP, Key.FAILURE)
    assert len(reading.key_stamps_ns) == 3
    assert reading.gripper == -1
    assert (gamepad.read().keys, gamepad.read().gripper) == ((), 0)
    pad.press(1)
    assert [gamepad.read().gripper, gamepad.read().gripper] == [1, 1]
    gamepad.close()


def test_an_unplugged_controller_is_lost_and_can_be_connected_again() -> None:
    pads = [FakeJoystick(1, XBOX)]
    gamepad = Gamepad(GamepadConfig(), lambda: pads)
    gamepad.connect()
    old = pads.pop()
    old.press(4)
    old.move(1, -1.0)
    old.unplug()
    with pytest.raises(DeviceLost, match="'Xbox 360 Controller' is gone"):
        gamepad.read()
    assert not old.open
    with pytest.raises(DeviceError, match="plug it in"):
        gamepad.connect()
    pads.append(FakeJoystick(2, XBOX))
    gamepad.connect()
    reading = gamepad.read()
    assert not reading.axes.any()  # what the old one held is forgotten
    assert not reading.engaged
    gamepad.close()


def test_two_gamepads_share_sdls_queue() -> None:
    pads = FakeJoystick(1, XBOX), FakeJoystick(2, XBOX)
    left, right = connected(*pads), connected(*pads)
    pads[0].press(3)
    pads[1].press(2)
    assert (left.read().keys, right.read().keys) == ((Key.SUCCESS,), (Key.FAILURE,))
    pads[0].unplug()
    right.read()
    with pytest.raises(DeviceLost):
        left.read()
    right.close()


def test_what_nobody_reads_does_not_pile_up() -> None:
    pad = FakeJoystick(1, XBOX)
    gamepad = connected(pad)
    pad.post(pygame.JOYHATMOTION, hat=0, value=(0, 1))
    pygame.event.post(pygame.event.Event(pygame.JOYDEVICEADDED, device_index=0))
    FakeJoystick(9, XBOX).move(0, 1.0)  # open in no gamepad
    gamepad.read()
    assert not pygame.event.peek()
    gamepad.close()


def test_axes_and_buttons_can_be_chosen() -> None:
    pad = FakeJoystick(1, "Arcade Stick")
    buttons = {"dead_man": 8, "clear": 7}
    gamepad = connected(pad, config=GamepadConfig("arcade", axes=(0, -1, -1, -1, -1, 5), buttons=buttons))
    pad.move(0, -0.5)
    pad.move(5, -1.0)
    pad.press(8, 7, 0)
    reading = gamepad.read()
    np.testing.assert_allclose(reading.axes, [0.5, 0, 0, 0, 0, 1])
    assert (reading.engaged, reading.keys, reading.gripper) == (True, (Key.CLEAR,), 0)
    gamepad.close()


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(DeviceError, match=r"wanted a name with 'ps5', found \['Xbox 360 Controller'\]"):
        connected(FakeJoystick(1, XBOX), config=GamepadConfig("ps5"))
    with pytest.raises(DeviceError, match="has 2 axes and 11 buttons"):
        connected(FakeJoystick(1, XBOX, axes=2))
    with pytest.raises(ConfigError, match=r"did you mean 'gripper_open'[^$]*dead_man: missing"):
        GamepadConfig(buttons={"griper_open": 1})


def test_without_a_controller_sdl_itself_finds_none() -> None:
    if pygame.joystick.get_init() and pygame.joystick.get_count():
        pytest.skip("this machine has a controller")
    with pytest.raises(DeviceError, match=r"wanted any, found none free.*usermod -aG input"):
        Gamepad(GamepadConfig()).connect()


def test_a_missing_sdk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(DeviceError, match=r"pip install 'nudge\[gamepad\]'"):
        Gamepad(GamepadConfig()).connect()
