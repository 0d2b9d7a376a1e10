"""An Episode as the files of a zarr v3 group, and back. Any zarr tool opens them.

The group is built in memory: zarr's own disk store spends longer in its event loop than the data needs,
and knows neither fsync nor a full disk. Every file's CRC-32 is kept in the group's attributes, because
zarr reads a missing chunk as zeros.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import zarr
from zarr.buffer.cpu import Buffer
from zarr.codecs import BloscCodec
from zarr.storage import MemoryStore

from policies.replay.episode import Episode
from robot.core.errors import StoreError
from robot.core.types import EpisodeHeader, Outcome

VERSION = 3  # 2: safety; 3: dense, plan
_UNLABELLED = 2  # what this version wrote is read too: no step of it had a dense reward
ROOT_FILE = "zarr.json"
_NAMED = ("state", "images", "features")  # fields that hold one array a name
_PLAIN = tuple(f.name for f in dataclasses.fields(Episode) if f.name not in (*_NAMED, "header", "outcome"))
_FRAMES_PER_CHUNK = 16  # a viewer can scrub through images without reading them all


def pack(episode: Episode) -> dict[str, bytes]:
    """Relative path -> content."""
    arrays = _flatten(episode)
    store: dict[str, Any] = {}
    group = zarr.create_group(MemoryStore(store))
    for name, array in arrays.items():
        _create(group, name, array)
    attributes = {
        "version": VERSION,
        "header": dataclasses.asdict(episode.header),
        "outcome": episode.outcome.name,
        "steps": len(episode),
        "arrays": list(arrays),
    }
    files = {path: value.to_bytes() for path, value in store.items() if path != ROOT_FILE}
    crc32 = {path: zlib.crc32(content) for path, content in files.items()}
    group.attrs.put({**attributes, "done": True, "crc32": crc32, "crc32_attributes": _crc(attributes)})
    return {**files, ROOT_FILE: store[ROOT_FILE].to_bytes()}


def unpack(files: Mapping[str, bytes]) -> Episode:
    """The episode in ``files``; ValueError says what is damaged."""
    attributes = check(files)
    group = zarr.open_group(MemoryStore({k: Buffer.from_bytes(v) for k, v in files.items()}), mode="r")
    arrays: dict[str, np.ndarray] = {n: np.asarray(group[n][...]) for n in attributes["arrays"]}  # type: ignore[index]
    named: dict[str, Any] = {
        part: {n.partition("/")[2]: a for n, a in arrays.items() if n.startswith(part + "/")}
        for part in _NAMED
    }
    if attributes["version"] == _UNLABELLED:
        arrays |= _without_labels(attributes["steps"])
    plain: dict[str, Any] = {name: arrays[name] for name in _PLAIN}
    return Episode(header_of(attributes), Outcome[attributes["outcome"]], **named, **plain)


def check(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The attributes, after every file was found whole; ValueError names the first that is not."""
    attributes = read_attributes(files.get(ROOT_FILE, b""))
    for path, crc in attributes["crc32"].items():
        if path not in files:
            raise ValueError(f"{path} is missing")
        if zlib.crc32(files[path]) != crc:
            raise ValueError(f"{path} does not match its checksum")
    return attributes


def read_attributes(content: bytes) -> dict[str, Any]:
    """The attributes in a group's zarr.json; ValueError if damaged, StoreError for another version."""
    try:
        attributes = json.loads(content)["attributes"]
        known = {k: attributes[k] for k in ("version", "header", "outcome", "steps", "arrays")}
        if _crc(known) != attributes["crc32_attributes"] or not attributes["done"]:
            raise ValueError("the attributes do not match their checksum")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{ROOT_FILE} is damaged: {error!r}") from error
    if known["version"] not in (
        _UNLABELLED,
        VERSION,
    ):  # whole, so nobody may take it for damaged and move it away
        got, episode_id = known["version"], known["header"]["episode_id"]
        advice = "use a newer one" if got > VERSION else "use the one that recorded it, or start a new run"
        raise StoreError(
            f"episode {episode_id} has format version {got}, this program reads {VERSION}; {advice}"
        )
    return attributes


def header_of(attributes: Mapping[str, Any]) -> EpisodeHeader:
    """The header among a group's attributes."""
    return EpisodeHeader(**attributes["header"])


def _flatten(episode: Episode) -> dict[str, np.ndarray]:
    named: dict[str, Any] = {f"{part}/{k}": v for part in _NAMED for k, v in getattr(episode, part).items()}
    return {**named, **{name: getattr(episode, name) for name in _PLAIN}}


def _without_labels(steps: int) -> dict[str, np.ndarray]:
    return {"dense": np.zeros(steps + 1, np.float32), "plan": np.zeros(steps + 1, np.int32)}


def _create(group: zarr.Group, name: str, array: np.ndarray) -> None:
    # Measured: lz4 with bitshuffle writes as fast as any codec, and only zstd with bitshuffle is smaller.
    heavy = name.startswith(("images/", "features/"))
    codec = BloscCodec(cname="lz4", clevel=1, shuffle="bitshuffle", typesize=array.dtype.itemsize)
    frames = _FRAMES_PER_CHUNK if name.startswith("images/") else len(array)
    group.create_array(
        name,
        data=array,
        chunks=(min(frames, len(array)), *array.shape[1:]),
        compressors=[codec] if heavy else None,
        chunk_key_encoding={"name": "default", "separator": "."},  # fewer folders to push to the disk
        config={"write_empty_chunks": True},
    )


def _crc(attributes: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(attributes, sort_keys=True).encode())
