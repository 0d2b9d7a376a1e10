"""The keyboard of the terminal, for jogging without a hand device; needs no display.

w s   forward, back        i k   pitch (about left)      o c   open, close the gripper
a d   left, right          j l   yaw (about up)          y n   success, failure
r f   up, down             u h   roll (about forward)    q x   stop; clear a stop
space lets go of everything at once
"""

from __future__ import annotations

import atexit
import os
import select
import termios
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.types import Key
from teleop.device import Reading

_GRIPPER = 6  # behind the six axes
_MOTION: dict[str, tuple[int, float]] = {  # key -> axis, sign
    **{"w": (0, 1.0), "s": (0, -1.0), "a": (1, 1.0), "d": (1, -1.0), "r": (2, 1.0), "f": (2, -1.0)},
    **{"u": (3, 1.0), "h": (3, -1.0), "i": (4, 1.0), "k": (4, -1.0), "j": (5, 1.0), "l": (5, -1.0)},
    **{"o": (_GRIPPER, 1.0), "c": (_GRIPPER, -1.0)},
}
_KEYS = {"y": Key.SUCCESS, "n": Key.FAILURE, "q": Key.STOP, "x": Key.CLEAR}
_LET_GO = " "


@dataclass(frozen=True)
class KeyboardConfig:
    """How long a press lasts; a terminal repeats a held key about each 0.03 s, after 0.2 to 0.7 s.

    Raises:
        ConfigError: a time that is not positive.
    """

    tty: str = "/dev/tty"  # the terminal that the program runs in
    hold_s: float = 0.1  # a press deflects fully for this long: over the gap between two repeats ...
    decay_s: float = 0.1  # ... and then fades out

    def __post_init__(self) -> None:
        times = {f.name: getattr(self, f.name) for f in fields(self) if f.name.endswith("_s")}
        problems = [f"{n}: got {v} s, want more than 0" for n, v in times.items() if not v > 0]
        if problems:
            raise ConfigError(problems, "keyboard")


class Keyboard:
    """A `TeleopDevice`. A terminal tells of presses and never of a release, so a press fades by itself.

    Engaged only while a motion or gripper key repeats or its last press fades: nothing moves on without
    fingers on the keys. A single tap is a small step of ``hold_s + decay_s / 2`` at full deflection; a held
    key starts with such a step, pauses until the terminal's repeat sets in, and then moves evenly.
    """

    Config: ClassVar = KeyboardConfig

    def __init__(self, config: KeyboardConfig, now_s: Callable[[], float] = time.monotonic) -> None:
        self._config, self._now_s = config, now_s
        self._fd: int | None = None
        self._saved: list[Any] = []
        self._presses: dict[int, tuple[float, float]] = {}  # axis -> sign, when

    def connect(self) -> None:
        """Take keys one by one and without echo; DeviceError without a terminal in the foreground."""
        self.close()
        try:
            fd = os.open(self._config.tty, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceError(
                f"keyboard: {self._config.tty} cannot be opened ({error.strerror}): "
                "run the command in a terminal, not as a service or in a pipe"
            ) from error
        try:
            _check_foreground(fd)
            self._saved = termios.tcgetattr(fd)
            tty.setcbreak(fd, termios.TCSAFLUSH)  # forgets what was typed before
        except (termios.error, DeviceError) as error:
            os.close(fd)
            raise DeviceError(f"keyboard: {self._config.tty} is no usable terminal ({error})") from error
        self._fd = fd
        atexit.register(self.close)

    def read(self) -> Reading:
        """The presses since the last reading; DeviceLost once the terminal is closed."""
        now_s, now_ns = self._now_s(), time.time_ns()
        keys: list[Key] = []
        for key in self._typed():
            if key == _LET_GO:
                self._presses.clear()
            elif key in _MOTION:
                axis, sign = _MOTION[key]
                self._presses[axis] = (sign, now_s)
            elif key in _KEYS:
                keys.append(_KEYS[key])
        deflection = self._deflection(now_s)
        axes, gripper = deflection[:_GRIPPER].astype(np.float32), float(np.sign(deflection[_GRIPPER]))
        return Reading(axes, bool(deflection.any()), gripper, tuple(keys), (now_ns,) * len(keys))

    def close(self) -> None:
        """Give the terminal back as it was; safe to call twice."""
        fd, self._fd = self._fd, None
        self._presses.clear()
        if fd is None:
            return
        atexit.unregister(self.close)
        try:
            termios.tcsetattr(fd, termios.TCSANOW, self._saved)
        except termios.error:
            pass  # the terminal is gone: there is nothing to restore
        finally:
            os.close(fd)

    def _typed(self) -> str:
        if self._fd is None:
            raise DeviceError("the keyboard was read before it was connected: call connect()")
        try:
            ready, _, _ = select.select([self._fd], [], [], 0)
            typed = os.read(self._fd, 4096) if ready else None
        except OSError:
            typed = b""
        if typed == b"":
            self.close()
            raise DeviceLost(f"keyboard: {self._config.tty} was closed; start again in an open terminal")
        return (typed or b"").decode("latin-1")

    def _deflection(self, now_s: float) -> np.ndarray:
        """[7] in [-1, 1]: the axes and the gripper."""
        deflection = np.zeros(_GRIPPER + 1)
        for axis, (sign, pressed_s) in self._presses.items():
            faded = (now_s - pressed_s - self._config.hold_s) / self._config.decay_s
            deflection[axis] = sign * np.clip(1.0 - faded, 0.0, 1.0)
        return deflection


def _check_foreground(fd: int) -> None:
    # Changing the terminal from the background would stop the whole process (SIGTTOU).
    try:
        group = os.tcgetpgrp(fd)
    except OSError:
        return  # not the controlling terminal: nobody is stopped
    if group != os.getpgrp():
        raise DeviceError("this program runs in the background: bring it to the foreground with `fg`")
