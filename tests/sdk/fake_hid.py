"""A HID device that sends the reports it is given: what lies below pyspacemouse."""

from __future__ import annotations

import queue
import struct
import threading

from easyhid import HIDException
from pyspacemouse.loader import get_device_specs

SPECS = get_device_specs()
ONE_REPORT = {name for name, s in SPECS.items() if s.mappings["yaw"].channel == 1}  # all six axes in it


class FakeHid:
    """`send` queues a report; `unplug` makes every further read fail, as hidapi's does."""

    def __init__(self, model: str, path: str = "/dev/hidraw7", serial: str = "", usage: int = 8) -> None:
        info = SPECS[model]
        self.model, self.path = model, path
        self.serial_number: str | None = serial
        self.vendor_id, self.product_id = info.vendor_id, info.product_id
        self.usage_page, self.usage = 1, usage
        self.refuses, self.is_open = False, False
        self._reports: queue.Queue[bytes] = queue.Queue()
        self._unplugged, self._idle = threading.Event(), threading.Event()

    def open(self) -> None:
        if self.refuses:
            raise HIDException("Failed to open device")
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def read(self, size: int, timeout: int) -> bytes:
        assert self.is_open
        try:
            return self._reports.get_nowait()[:size].ljust(size, b"\0")  # easyhid pads
        except queue.Empty:
            pass
        if self._unplugged.is_set():
            raise HIDException("Failed to read from HID device: -1")
        self._idle.set()
        try:
            return self._reports.get(timeout=0.001)[:size].ljust(size, b"\0")
        except queue.Empty:
            return b""

    def push(self, x: int = 0, y: int = 0, z: int = 0, rx: int = 0, ry: int = 0, rz: int = 0) -> None:
        """The device's own axes, HID convention: x right, y towards the person, z down, in counts of 350."""
        if self.model in ONE_REPORT:
            self.send(b"\x01" + struct.pack("<6h", x, y, z, rx, ry, rz))
        else:
            self.send(b"\x01" + struct.pack("<3h", x, y, z))
            self.send(b"\x02" + struct.pack("<3h", rx, ry, rz))

    def hold(self, *buttons: str) -> None:
        """These buttons are down, all others up."""
        info, report = SPECS[self.model], bytearray(7)
        report[0] = 3
        for name in buttons:
            spec = info.button_specs[info.button_names.index(name)]
            report[spec.byte] |= 1 << spec.bit
        self.send(bytes(report))

    def send(self, report: bytes) -> None:
        self._idle.clear()
        self._reports.put(report)

    def drained(self) -> None:
        """Wait until every report has been taken in: the reader asks again only then."""
        self._idle.clear()
        assert self._idle.wait(30)
        self._idle.clear()
        assert self._idle.wait(30)

    def unplug(self) -> None:
        self._unplugged.set()
