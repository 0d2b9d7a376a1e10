"""The memory that a driver shares with its 1 kHz process: fixed records, each with one writer."""

from __future__ import annotations

import mmap
import os
import time
from enum import IntEnum
from typing import Any

import numpy as np

PERIOD_BINS = 500  # of control periods, BIN_US wide; the last one holds everything longer
BIN_US = 10
_TEXT = "S800"
_PATIENCE_S = 0.001  # how long a reader waits for a writer that was interrupted halfway


class Phase(IntEnum):
    """What the 1 kHz process is doing."""

    STARTING = 0
    READING = 1  # connected; no target yet, so no control
    CONTROL = 2
    FAULT = 3  # latched; states still come
    LOST = 4  # the connection broke, the process ends
    REFUSED = 5  # never connected, the process ends


COMMAND = np.dtype(
    [
        ("sequence", "i8"),
        ("number", "i8"),  # of the target, counted up; 0 before the first
        ("stamp_ns", "i8"),
        ("T_base_tcp", "f8", (4, 4)),
        ("twist", "f8", (6,)),
        ("recover", "i8"),  # requests so far
        ("quit", "i8"),
    ]
)
STATE = np.dtype(
    [
        ("sequence", "i8"),
        ("stamp_ns", "i8"),
        ("phase", "i8"),
        ("answered", "i8"),  # requests to recover that were dealt with
        ("q", "f8", (7,)),
        ("dq", "f8", (7,)),
        ("tau", "f8", (7,)),
        ("T_base_tcp", "f8", (4, 4)),
        ("T_base_reference", "f8", (4, 4)),
        ("twist", "f8", (6,)),
        ("wrench", "f8", (6,)),  # as the vendor gives it
        ("T_tcp_stiffness", "f8", (4, 4)),
        ("jacobian", "f8", (6, 7)),
        ("success_rate", "f8"),
        ("periods", "i8", (PERIOD_BINS,)),
        ("text", _TEXT),  # of the fault, or why it is lost or refused
    ]
)
GRIPPER_COMMAND = np.dtype([("sequence", "i8"), ("number", "i8"), ("width_m", "f8")])
GRIPPER_STATE = np.dtype(
    [
        ("sequence", "i8"),
        ("phase", "i8"),
        ("width_m", "f8"),
        ("done", "i8"),
        ("grasped", "i8"),
        ("text", _TEXT),
    ]
)
_LAYOUT = (COMMAND, STATE, GRIPPER_COMMAND, GRIPPER_STATE)


class Record:
    """One record behind a sequence lock: the writer never waits, a reader gets a whole record or the last.

    The counter is odd while the record is written (Lameter, "Effective synchronization on Linux/NUMA
    systems", 2005). It needs stores that are seen in order: x86-64, the only machine libfranka's
    realtime kernel packages exist for.
    """

    def __init__(self, buffer: mmap.mmap, dtype: np.dtype[Any], offset: int) -> None:
        self._array = np.frombuffer(buffer, dtype, count=1, offset=offset)
        self._sequence = self._array["sequence"]
        self._last = self._array.copy()

    def write(self, **fields: Any) -> None:
        """Change these fields together; only ever called by the record's one writer."""
        self._sequence[0] += 1
        for name, value in fields.items():
            self._array[name][0] = value
        self._sequence[0] += 1

    def read(self) -> Any:
        """A copy of the record, whole: the newest, or the last one if its writer was stopped halfway."""
        give_up_s = time.monotonic() + _PATIENCE_S
        while True:
            before = int(self._sequence[0])
            copy = self._array.copy()
            if before % 2 == 0 and int(self._sequence[0]) == before:
                self._last = copy
            elif time.monotonic() < give_up_s:
                continue
            return self._last[0]

    def peek(self, name: str) -> int:
        """One counter, without the rest: eight aligned bytes are never torn."""
        return int(self._array[name][0])


class SharedMemory:
    """Anonymous memory that a child process inherits by its file descriptor; gone when both are."""

    def __init__(self, fd: int | None = None) -> None:
        size = sum(d.itemsize for d in _LAYOUT)
        if fd is None:
            fd = os.memfd_create("nudge-arm")
            os.ftruncate(fd, size)
        self.fd = fd
        buffer = mmap.mmap(fd, size)
        records, offset = [], 0
        for dtype in _LAYOUT:
            records.append(Record(buffer, dtype, offset))
            offset += dtype.itemsize
        self.command, self.state, self.gripper_command, self.gripper_state = records

    def close(self) -> None:
        """Give the descriptor back; the mapping goes with the last array that looks into it."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


def text_of(record: Any) -> str:
    """The record's text."""
    return bytes(record["text"]).decode(errors="replace")


def as_text(message: str) -> bytes:
    """A message that fits a record, its beginning if it is too long."""
    return message.encode()[: np.dtype(_TEXT).itemsize]
