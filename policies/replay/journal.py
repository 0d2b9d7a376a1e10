"""The append-only file of an episode in progress: what was appended survives a killed process."""

from __future__ import annotations

import os
import struct
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from policies.replay.durable import disk_error
from robot.core.codec import decode, encode
from robot.core.errors import CodecError

_LENGTH = struct.Struct("<I")  # bytes of the message that follows; the message carries its own checksum


class Ending(Enum):
    """What stands after the last good record."""

    WHOLE = "nothing"
    TORN = "a record cut short, as a killed writer leaves it"
    CORRUPT = "a record of full length that does not decode"


class Journal(NamedTuple):
    """The good records of a journal."""

    messages: list[Any]
    offset: int  # bytes up to the end of the last good record; reading on starts here
    ending: Ending


class JournalWriter:
    """Appends messages to a new file; StoreError when the disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._size = 0
        try:
            self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise disk_error(path, error) from error

    def append(self, message: Any) -> None:
        """Hand one record to the kernel: one unbuffered write, so killing this process cannot lose it."""
        data = encode(message)
        frame = memoryview(_LENGTH.pack(len(data)) + data)
        rest = frame
        try:
            while rest:  # a nearly full disk takes a part and refuses the rest
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            os.ftruncate(self._handle, self._size)  # no half record before a later one
            raise disk_error(self.path, error) from error
        self._size += len(frame)

    def finish(self) -> None:
        """Push everything to the disk and close."""
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise disk_error(self.path, error) from error
        finally:
            self.close()

    def close(self) -> None:
        """Close as it is; closing twice is fine."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


def read_journal(path: Path, offset: int = 0) -> Journal:
    """Records from byte ``offset`` up to the first torn or corrupt one; FileNotFoundError if gone."""
    with path.open("rb") as file:
        file.seek(offset)
        data = memoryview(file.read())
    messages: list[Any] = []
    position, ending = 0, Ending.WHOLE
    while position < len(data):
        frame = _frame(data[position:])
        if frame is None:
            ending = Ending.TORN
            break
        try:
            messages.append(decode(frame))
        except CodecError:
            ending = Ending.CORRUPT
            break
        position += _LENGTH.size + len(frame)
    return Journal(messages, offset + position, ending)


def _frame(data: memoryview) -> memoryview | None:
    if len(data) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(data)
    frame = data[_LENGTH.size : _LENGTH.size + length]
    return frame if len(frame) == length else None
