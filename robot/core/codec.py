"""Messages <-> bytes: msgpack with raw arrays and a version. No pickle, so a stranger's bytes run no code."""

from __future__ import annotations

import dataclasses
import struct
import zlib
from enum import IntEnum
from typing import Any

import msgpack
import numpy as np

from robot.core import types as t
from robot.core.errors import CodecError

VERSION = 1
_MAGIC = b"NDG"
_HEADER = struct.Struct("<3sBI")  # magic, version, crc32 of the body
_ARRAY = 1
_ENUM = 2
_DTYPES = {"|u1", "|b1", "<f2", "<f4", "<f8", "<i4", "<i8", "|i1", "<u2", "<u4", "<i2"}
_ENUMS: dict[str, type[IntEnum]] = {e.__name__: e for e in (t.Source, t.Outcome, t.Key)}
_TYPES: dict[str, type] = {
    c.__name__: c
    for c in vars(t).values()
    if isinstance(c, type) and dataclasses.is_dataclass(c) and c.__module__ == t.__name__
}


def encode(message: Any) -> bytes:
    """One message as bytes: magic, version, checksum, body."""
    body = msgpack.packb(_pack(message), default=_pack_leaf, strict_types=True)
    return _HEADER.pack(_MAGIC, VERSION, zlib.crc32(body)) + body


def decode(data: bytes | bytearray | memoryview) -> Any:
    """The message in ``data``; CodecError says what is wrong with it."""
    data = bytes(data)
    if len(data) < _HEADER.size:
        raise CodecError(f"message of {len(data)} bytes is shorter than its {_HEADER.size}-byte header")
    magic, version, checksum = _HEADER.unpack_from(data)
    if magic != _MAGIC or version != VERSION:
        raise CodecError(f"not a Nudge message of version {VERSION}: starts with {data[:4]!r}")
    body = data[_HEADER.size :]
    if zlib.crc32(body) != checksum:
        raise CodecError("message checksum does not match: the bytes were damaged or cut short")
    try:
        content = msgpack.unpackb(body, ext_hook=_unpack_leaf, strict_map_key=False)
        if not _is_message(content):
            raise CodecError(f"body is a bare {type(content).__name__}, not a message")
        return _unpack(content)
    except CodecError:
        raise
    except Exception as error:
        raise CodecError(f"message cannot be decoded: {error}") from error


def _pack(message: Any) -> Any:
    fields = {f.name: _value(getattr(message, f.name)) for f in dataclasses.fields(message)}
    return {"_type": type(message).__name__, **fields}


def _value(value: Any) -> Any:
    return _pack(value) if dataclasses.is_dataclass(value) else value


def _pack_leaf(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.str not in _DTYPES:
            raise CodecError(f"array of dtype {value.dtype} cannot be sent; allowed: {sorted(_DTYPES)}")
        head = msgpack.packb([value.dtype.str, list(value.shape)])
        return msgpack.ExtType(_ARRAY, bytes([len(head)]) + head + np.ascontiguousarray(value).tobytes())
    if isinstance(value, IntEnum):
        return msgpack.ExtType(_ENUM, msgpack.packb([type(value).__name__, int(value)]))
    if isinstance(value, np.generic):
        return value.item()
    raise CodecError(f"cannot send a {type(value).__name__}")


def _unpack_leaf(code: int, data: bytes) -> Any:
    if code == _ENUM:
        name, value = msgpack.unpackb(data)
        return _ENUMS[name](value)
    if code != _ARRAY:
        raise CodecError(f"unknown extension {code}")
    dtype, shape = msgpack.unpackb(data[1 : 1 + data[0]])
    if dtype not in _DTYPES:
        raise CodecError(f"array of dtype {dtype!r} is not allowed")
    return np.frombuffer(data, dtype, offset=1 + data[0]).reshape(shape)


def _is_message(content: Any) -> bool:
    return isinstance(content, dict) and "_type" in content


def _unpack(body: Any) -> Any:
    if not _is_message(body):
        return body
    name = body.pop("_type")
    if name not in _TYPES:
        raise CodecError(f"unknown message type {name!r}")
    return _TYPES[name](**{key: _unpack(value) for key, value in body.items()})
