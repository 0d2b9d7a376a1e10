"""The thread that empties a SpaceMouse's queue of reports: the newest axes win, no press is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from robot.core.errors import DeviceLost
from robot.core.types import Array
from teleop.hid_devices import HidDevice

WAIT_MS = 50  # for a report; a device at rest sends none
SILENT_S = 0.5  # a deflected puck reports without pause, so a longer silence is a lost radio link
ZERO_REPORTS = 250  # without one value in them, about 2 s of pushing
PAUSE_S = 1.0  # ends a run of reports
_AXES = ("x", "y", "z", "roll", "pitch", "yaw")


@dataclass(frozen=True)
class PuckState:
    """The newest state, and what happened since the one before."""

    axes: Array  # [6], x forward, y left, z up; rotations about them, right-handed
    held: frozenset[str]  # names of the buttons that are down
    pressed: tuple[tuple[str, int], ...]  # button and Unix time in ns, in order


class SpaceMouseReader:
    """Reads an open HID device through pyspacemouse's parser until closed or unplugged."""

    def __init__(self, info: Any, hid: HidDevice, now_s: Callable[[], float] = time.monotonic) -> None:
        from pyspacemouse.config_helpers import apply_axis_convention
        from pyspacemouse.device import SpaceMouseDevice
        from pyspacemouse.types import AxisConvention

        self._name, self._now_s = f"{info.name} at {hid.path}", now_s
        self._reports = _TimedReports(hid)
        self._mouse = SpaceMouseDevice(apply_axis_convention(info, AxisConvention.ROS), self._reports)
        self._buttons: tuple[str, ...] = info.button_names
        self._lock, self._closing = threading.Lock(), threading.Event()
        self._axes, self._held = np.zeros(6, np.float32), frozenset[str]()
        self._pressed: list[tuple[str, int]] = []
        self._last_s, self._useless, self._alive = now_s(), 0, False
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name=f"read {info.name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self) -> PuckState:
        """The newest state; DeviceLost once it is unplugged, silent while deflected, or sends only zeros."""
        with self._lock:
            reason = self._failure or self._radio_lost()
            if reason:
                raise DeviceLost(f"{self._name}: {reason}")
            pressed, self._pressed = tuple(self._pressed), []
            return PuckState(self._axes.copy(), self._held, pressed)

    def close(self) -> None:
        """Stop reading and close the device; safe to call twice."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._mouse.close()

    def _run(self) -> None:
        try:
            while not self._closing.is_set() and not self._failure:
                seen = self._reports.count
                state = self._mouse.read()
                if self._reports.count > seen:
                    self._take_in(state)
        except Exception as error:  # whatever it is, nobody drives any more: `take` tells
            with self._lock:
                self._failure = f"stopped answering ({error}): check the cable, or the battery and receiver"

    def _take_in(self, state: Any) -> None:
        axes = np.array([getattr(state, a) for a in _AXES], np.float32)
        held = frozenset(name for name, down in zip(self._buttons, state.buttons, strict=True) if down)
        with self._lock:
            now_ns = time.time_ns()
            self._pressed += [(name, now_ns) for name in self._buttons if name in held - self._held]
            self._axes, self._held = np.clip(axes, -1.0, 1.0), held
            self._count_useless(bool(axes.any()) or bool(held))

    def _count_useless(self, useful: bool) -> None:
        # At rest a device is silent, so only reports that keep coming without a value tell of a wrong one.
        now_s = self._now_s()
        paused = now_s - self._last_s > PAUSE_S
        self._last_s, self._alive = now_s, self._alive or useful
        self._useless = 0 if paused or self._alive else self._useless + 1
        if self._useless >= ZERO_REPORTS:
            self._failure = (
                f"{self._useless} reports and only zeros. Stop 3Dconnexion's own driver (3dxsrv, spacenavd); "
                "a wireless model on its charging cable may send only over its receiver or Bluetooth: "
                "unplug the cable; or name another /dev/hidraw* as `path` in the rig"
            )

    def _radio_lost(self) -> str:
        silent_s = self._now_s() - self._last_s
        if not self._axes.any() or silent_s <= SILENT_S:
            return ""
        return (
            f"silent for {silent_s:.1f} s while deflected (want a report each {SILENT_S} s): "
            "check battery and receiver"
        )


class _TimedReports:
    """What pyspacemouse reads from: waits for a report instead of asking again and again, and counts them."""

    def __init__(self, hid: HidDevice) -> None:
        self._hid = hid
        self.count = 0

    def read(self, size: int) -> bytes | bytearray:
        report = self._hid.read(size, timeout=WAIT_MS)
        self.count += bool(report)
        return report

    def close(self) -> None:
        self._hid.close()
