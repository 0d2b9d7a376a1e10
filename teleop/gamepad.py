"""A game controller (Xbox, PlayStation or alike) through SDL (pygame); needs no display.

left stick   forward, back, left, right        left shoulder   dead-man, hold it
right stick  up, down; yaw                     A / cross, B / circle   close, open the gripper
Y / triangle success     X / square failure    back / share  stop
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from robot.core.errors import ConfigError, DeviceError, DeviceLost, nearest_hint
from robot.core.types import Key
from teleop.device import Reading

_KEYS = {"success": Key.SUCCESS, "failure": Key.FAILURE, "stop": Key.STOP, "clear": Key.CLEAR}
ROLES = ("dead_man", "gripper_open", "gripper_close", *_KEYS)
_NONE = -1


@dataclass(frozen=True)
class PadLayout:
    """SDL's axis number for each axis of a Reading, -1 for none, and its button numbers by role."""

    axes: tuple[int, int, int, int, int, int]
    buttons: dict[str, int]


# As SDL numbers them on Linux: https://www.pygame.org/docs/ref/joystick.html lists both.
LAYOUTS = {
    "xbox": PadLayout(
        (1, 0, 4, _NONE, _NONE, 3),
        {"gripper_close": 0, "gripper_open": 1, "failure": 2, "success": 3, "dead_man": 4, "stop": 6},
    ),
    "playstation": PadLayout(
        (1, 0, 3, _NONE, _NONE, 2),
        {"gripper_close": 0, "gripper_open": 1, "failure": 2, "success": 3, "dead_man": 9, "stop": 4},
    ),
}
_PLAYSTATION = ("ps3", "ps4", "ps5", "playstation", "dualshock", "dualsense", "sony")


class Joystick(Protocol):
    """What is used of pygame's Joystick."""

    def get_instance_id(self) -> int:
        """SDL's number of this connection."""
        ...

    def get_name(self) -> str:
        """What the controller calls itself."""
        ...

    def get_numaxes(self) -> int:
        """How many axes."""
        ...

    def get_numbuttons(self) -> int:
        """How many buttons."""
        ...

    def quit(self) -> None:
        """Close it."""
        ...


@dataclass(frozen=True)
class GamepadConfig:
    """Which controller, and what its axes and buttons do.

    Raises:
        ConfigError: a role that does not exist, or no dead-man.
    """

    name: str | None = None  # part of its name; None: the first that is found
    layout: Literal["auto", "xbox", "playstation"] = "auto"  # auto: by its name
    axes: tuple[int, int, int, int, int, int] | None = None  # instead of the layout's
    buttons: dict[str, int] | None = None

    def __post_init__(self) -> None:
        roles = ROLES if self.buttons is None else tuple(self.buttons)
        problems = [f"buttons.{r}: no such role{nearest_hint(r, ROLES)}" for r in roles if r not in ROLES]
        if "dead_man" not in roles:
            problems.append("buttons.dead_man: missing; sticks drift, so a button has to be held")
        if problems:
            raise ConfigError(problems, "gamepad")


class Gamepad:
    """A `TeleopDevice`. Reads SDL's event queue, so that no press is lost between two readings."""

    Config: ClassVar = GamepadConfig
    _open: ClassVar[set[int]] = set()  # instance ids: two gamepads share one queue

    def __init__(
        self, config: GamepadConfig, joysticks: Callable[[], Sequence[Joystick]] | None = None
    ) -> None:
        self._config, self._joysticks = config, joysticks or connected_joysticks
        self._joystick: Joystick | None = None
        self._layout = LAYOUTS["xbox"]

    def connect(self) -> None:
        """Open the controller; DeviceError says what is wrong and what to do."""
        self.close()
        _start_sdl()
        found = self._joysticks()
        free = [j for j in found if j.get_instance_id() not in self._open]
        fits = [j for j in free if (self._config.name or "").lower() in j.get_name().lower()]
        if not fits:
            raise DeviceError(_none_fits(self._config.name, [j.get_name() for j in free]))
        self._layout = _layout(self._config, fits[0])
        self._joystick, self._id = fits[0], fits[0].get_instance_id()
        self._name = fits[0].get_name()
        self._open.add(self._id)
        # Centred and up until the first event: SDL itself knows no more.
        self._sticks: dict[int, float] = {}
        self._held: set[int] = set()

    def read(self) -> Reading:
        """The newest reading; DeviceLost once the controller is gone, by cable or by radio."""
        if self._joystick is None:
            raise DeviceError("the gamepad was read before it was connected: call connect()")
        pressed = [e.button for e in self._events() if self._take_in(e)]
        roles = {number: role for role, number in self._layout.buttons.items()}
        keys = tuple(_KEYS[roles[b]] for b in pressed if roles.get(b) in _KEYS)
        down = {roles[b] for b in (*self._held, *pressed) if b in roles}
        gripper = float("gripper_open" in down) - float("gripper_close" in down)
        engaged = self._layout.buttons["dead_man"] in self._held
        return Reading(self._axes(), engaged, gripper, keys, (time.time_ns(),) * len(keys))

    def close(self) -> None:
        """Give the controller back; safe to call twice."""
        joystick, self._joystick = self._joystick, None
        if joystick is not None:
            self._open.discard(self._id)
            joystick.quit()

    def _axes(self) -> np.ndarray:
        # SDL counts right and down as positive, a reading left, forward, up and counter-clockwise.
        axes = [-self._sticks.get(a, 0.0) if a != _NONE else 0.0 for a in self._layout.axes]
        return np.clip(np.array(axes, np.float32), -1.0, 1.0)

    def _events(self) -> list[Any]:
        import pygame

        events = [e for e in pygame.event.get() if hasattr(e, "instance_id")]
        for event in events:
            if event.instance_id != self._id and event.instance_id in self._open:
                pygame.event.post(event)  # the other gamepad's
        return [e for e in events if e.instance_id == self._id]

    def _take_in(self, event: Any) -> bool:
        """Whether a button went down."""
        import pygame

        if event.type == pygame.JOYDEVICEREMOVED:
            self.close()
            raise DeviceLost(
                f"gamepad {self._name!r} is gone: check cable or battery, and switch it on again"
            )
        if event.type == pygame.JOYAXISMOTION:
            self._sticks[event.axis] = event.value
        elif event.type == pygame.JOYBUTTONDOWN:
            self._held.add(event.button)
            return True
        else:
            self._held.discard(event.button)
        return False


def connected_joysticks() -> Sequence[Joystick]:
    """Every controller that SDL knows, open."""
    import pygame

    pygame.event.pump()  # SDL notices a new one only here
    return [pygame.joystick.Joystick(i) for i in range(pygame.joystick.get_count())]


def _start_sdl() -> None:
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    # Without a window SDL would drop every event as another program's.
    os.environ.setdefault("SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS", "1")
    try:
        import pygame
    except ImportError as error:
        raise DeviceError(f"gamepad: {error}: pip install 'nudge[gamepad]'") from error
    pygame.display.init()
    pygame.joystick.init()
    # Nothing else shall pile up in the queue.
    pygame.event.set_blocked(None)
    kinds = (pygame.JOYAXISMOTION, pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP, pygame.JOYDEVICEREMOVED)
    pygame.event.set_allowed(kinds)


def _layout(config: GamepadConfig, joystick: Joystick) -> PadLayout:
    name = joystick.get_name()
    guess = "playstation" if any(p in name.lower() for p in _PLAYSTATION) else "xbox"
    usual = LAYOUTS[guess if config.layout == "auto" else config.layout]
    buttons = usual.buttons if config.buttons is None else config.buttons
    layout = PadLayout(config.axes or usual.axes, buttons)
    axes, most = joystick.get_numaxes(), joystick.get_numbuttons()
    if max(layout.axes) >= axes or max(buttons.values()) >= most:
        raise DeviceError(
            f"gamepad {name!r} has {axes} axes and {most} buttons, but its layout wants axes {layout.axes} "
            f"and buttons {buttons}: set `layout`, `axes` or `buttons` in the rig's teleop options"
        )
    return layout


def _none_fits(name: str | None, there: Sequence[str]) -> str:
    wanted = "any" if name is None else f"a name with {name!r}"
    return (
        f"no gamepad: wanted {wanted}, found {list(there) or 'none'} free; plug it in and switch it on. "
        "If the kernel shows it (ls -l /dev/input/event*) but this does not, you may not read it: "
        "sudo usermod -aG input $USER, and log in again"
    )
