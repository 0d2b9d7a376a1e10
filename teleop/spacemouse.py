"""A 3Dconnexion SpaceMouse of any model, by cable, receiver or Bluetooth (pyspacemouse 2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from robot.core.errors import ConfigError, DeviceError, nearest_hint
from robot.core.types import Key
from teleop.device import Reading
from teleop.hid_devices import (
    HidDevices,
    SpaceMouseFilter,
    connected_hid_devices,
    find_space_mouse,
    open_hid,
)
from teleop.spacemouse_reader import PuckState, SpaceMouseReader

TOUCH = "touch"
TOUCH_DEFLECTION = 0.05  # beyond the sensor's own noise
_KEYS = {"success": Key.SUCCESS, "failure": Key.FAILURE, "stop": Key.STOP, "clear": Key.CLEAR}
ROLES = ("gripper_open", "gripper_close", *_KEYS)
_TWO_BUTTONS = {"gripper_close": "LEFT", "gripper_open": "RIGHT"}
# Nothing clears a stop by default: that is for a button which somebody chose.
_MANY_BUTTONS = {
    "gripper_close": "BTN_1",
    "gripper_open": "BTN_2",
    "success": "BTN_3",
    "failure": "BTN_4",
    "stop": "ESC",
}


@dataclass(frozen=True)
class SpaceMouseConfig:
    """Which device, and what its buttons do. Models and buttons are called as in pyspacemouse's devices.toml.

    Raises:
        ConfigError: a role that does not exist, or a button with two.
    """

    model: str | None = None  # None: the first that is found
    serial: str | None = None
    path: str | None = None  # /dev/hidrawN, or a link to it
    dead_man: str = TOUCH  # a button to hold, or "touch": the deflection itself
    buttons: dict[str, str] | None = None  # role -> button; None: what suits the model

    def __post_init__(self) -> None:
        roles = self.buttons or {}
        problems = [f"buttons.{r}: no such role{nearest_hint(r, ROLES)}" for r in roles if r not in ROLES]
        twice = [b for b, n in Counter([self.dead_man, *roles.values()]).items() if n > 1]
        problems += [f"buttons: {b} has two roles, want one" for b in twice]
        if problems:
            raise ConfigError(problems, "spacemouse")


class SpaceMouse:
    """A `TeleopDevice`. Reads in its own thread; see `SpaceMouseReader` for what counts as lost."""

    Config: ClassVar = SpaceMouseConfig

    def __init__(self, config: SpaceMouseConfig, hid_devices: HidDevices = connected_hid_devices) -> None:
        self._config, self._hid_devices = config, hid_devices
        self._roles: dict[str, str] = {}
        self._reader: SpaceMouseReader | None = None

    def connect(self) -> None:
        """Find, open and read the device; DeviceError says what is wrong and what to do."""
        self.close()
        devices = self._hid_devices()  # first, for it tells when the SDK is missing
        from pyspacemouse.loader import get_device_specs

        models, c = get_device_specs(), self._config
        model, hid = find_space_mouse(SpaceMouseFilter(c.model, c.serial, c.path), models, devices)
        self._roles = _roles(c, model, models[model].button_names)
        open_hid(hid, model)
        self._reader = SpaceMouseReader(models[model], hid)
        self._reader.start()

    def read(self) -> Reading:
        """The newest reading; DeviceLost once it is unplugged, silent or sends only zeros."""
        if self._reader is None:
            raise DeviceError("the SpaceMouse was read before it was connected: call connect()")
        puck = self._reader.take()
        gripper = self._gripper(puck)
        roles = {button: role for role, button in self._roles.items()}
        keys = [(_KEYS[roles[b]], t) for b, t in puck.pressed if roles.get(b) in _KEYS]
        engaged = self._engaged(puck, gripper)
        return Reading(puck.axes, engaged, gripper, tuple(k for k, _ in keys), tuple(t for _, t in keys))

    def close(self) -> None:
        """Stop the thread and give the device back; safe to call twice."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _gripper(self, puck: PuckState) -> float:
        # A press shorter than the time between two readings still counts for one of them.
        down = puck.held | {button for button, _ in puck.pressed}
        return float(self._roles.get("gripper_open") in down) - float(
            self._roles.get("gripper_close") in down
        )

    def _engaged(self, puck: PuckState, gripper: float) -> bool:
        if self._config.dead_man != TOUCH:
            return self._config.dead_man in puck.held
        return bool(np.abs(puck.axes).max() > TOUCH_DEFLECTION) or gripper != 0.0


def _roles(config: SpaceMouseConfig, model: str, buttons: Sequence[str]) -> dict[str, str]:
    usual = _TWO_BUTTONS if "LEFT" in buttons else _MANY_BUTTONS
    roles = {r: b for r, b in usual.items() if b in buttons} if config.buttons is None else config.buttons
    held = () if config.dead_man == TOUCH else (config.dead_man,)
    missing = [b for b in (*roles.values(), *held) if b not in buttons]
    if missing:
        hint = nearest_hint(missing[0], list(buttons) or ["none"])
        raise DeviceError(
            f"{model} has no button {missing[0]!r}{hint}. Correct the teleop device's options in the rig"
        )
    return {role: b for role, b in roles.items() if b not in held}
