"""Every message survives the codec bit for bit; damaged or foreign bytes are a CodecError, no other."""

from __future__ import annotations

import dataclasses
import struct
import types
import typing
import zlib
from enum import IntEnum
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from robot.core import codec
from robot.core import types as t
from robot.core.errors import CodecError
from robot.core.types import Image, Key, Status

MESSAGES = [c for c in vars(t).values() if dataclasses.is_dataclass(c) and isinstance(c, type)]
DTYPES = ["|u1", "|b1", "<f2", "<f4", "<f8", "<i4", "<i8"]
SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)
PLAIN = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(),
    str: st.text(max_size=8),
    bool: st.booleans(),
    bytes: st.binary(max_size=16),
}


def values(hint: Any) -> st.SearchStrategy:
    """A strategy for one field of a message, from its type alone."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if dataclasses.is_dataclass(hint):
        return messages(hint)
    if hint is np.ndarray:
        return st.sampled_from(DTYPES).flatmap(lambda d: hnp.arrays(d, SHAPES))
    if origin is dict:
        return st.dictionaries(st.text(max_size=4), values(args[1]), max_size=2)
    if origin is np.ndarray:
        return hnp.arrays(typing.get_args(args[1])[0], SHAPES)
    if origin is types.UnionType:
        return st.one_of(*[st.none() if a is type(None) else values(a) for a in args])
    assert issubclass(hint, IntEnum), f"no strategy for {hint}"
    return st.sampled_from(hint)


def messages(cls: Any) -> st.SearchStrategy:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{f.name: values(hints[f.name]) for f in dataclasses.fields(cls)})


def same(a: Any, b: Any) -> bool:
    """Equal in type and to the bit, NaN included."""
    if type(a) is not type(b):
        return False
    if dataclasses.is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    return a is b or a == b or struct.pack("<d", a) == struct.pack("<d", b)


def forge(body: bytes) -> bytes:
    """A message with a right header, whatever its body."""
    return struct.pack("<3sBI", b"NDG", codec.VERSION, zlib.crc32(body)) + body


@pytest.mark.parametrize("cls", MESSAGES, ids=lambda c: c.__name__)
def test_round_trip(cls: type) -> None:
    @settings(max_examples=20, deadline=None, database=None)
    @given(messages(cls))
    def check(message: Any) -> None:
        assert same(codec.decode(codec.encode(message)), message)

    check()


def test_every_flipped_byte_and_every_truncation_is_refused() -> None:
    data = codec.encode(Image(7, "wrist", np.arange(12, dtype=np.uint8).reshape(2, 2, 3)))
    for i in range(len(data)):
        with pytest.raises(CodecError):
            codec.decode(data[:i])
        for mask in (0x01, 0x80, 0xFF):
            with pytest.raises(CodecError):
                codec.decode(data[:i] + bytes([data[i] ^ mask]) + data[i + 1 :])


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=64))
def test_foreign_bytes_are_a_codec_error(body: bytes) -> None:
    for data in (body, forge(body)):
        with pytest.raises(CodecError):
            codec.decode(data)


@pytest.mark.parametrize(
    "body",
    [
        5,
        [],
        {},
        {"_type": "Nothing"},
        {"_type": ["Image"]},
        {"_type": "Image", "stamp_ns": 1},
        {"_type": "Reward", "stamp_ns": 1, "value": 0.0, "extra": 1},
        msgpack.ExtType(1, b""),
        msgpack.ExtType(2, msgpack.packb(["Source", 99])),
        msgpack.ExtType(3, b"x"),
        msgpack.ExtType(1, b"\x06" + msgpack.packb(["|O8", [1]]) + bytes(8)),
    ],
    ids=str,
)
def test_well_formed_msgpack_that_is_no_message_is_refused(body: Any) -> None:
    with pytest.raises(CodecError):
        codec.decode(forge(msgpack.packb(body)))


@pytest.mark.parametrize("pixels", [np.array(["a"]), np.zeros(2, ">f4"), np.array([object()]), {1, 2}])
def test_what_cannot_be_sent_is_refused_at_the_sender(pixels: Any) -> None:
    with pytest.raises(CodecError):
        codec.encode(Image(0, "wrist", pixels))


def test_numpy_scalars_arrive_as_python_numbers_and_keys_as_keys() -> None:
    status = codec.decode(codec.encode(Status(np.int64(3), "actor", {"loss": np.float32(0.5)})))
    assert (type(status.stamp_ns), type(status.values["loss"])) == (int, float)
    assert codec.decode(codec.encode(t.Event(0, Key.STOP))).key is Key.STOP


def test_a_decoded_array_is_a_copy_that_cannot_be_written() -> None:
    image = Image(0, "wrist", np.zeros((1, 1, 3), np.uint8))
    pixels = codec.decode(codec.encode(image)).pixels
    assert not np.shares_memory(pixels, image.pixels)
    assert not pixels.flags.writeable
