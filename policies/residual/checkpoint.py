"""The learner on disk: whole or absent, newest first, resumed bit for bit."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from policies.replay.durable import write_folder
from policies.residual.agent import ResidualAgent
from policies.residual.sharding import copied
from robot.core.errors import SpecMismatch, StoreError

Counters = dict[str, int]
_LOG = logging.getLogger(__name__)
_KEEP = 2  # the second is for a disk that damages the first
_PREFIX = "checkpoint-"
_ARRAYS, _META = "state.safetensors", "meta.json"


def save(directory: Path, agent: ResidualAgent, counters: Mapping[str, int]) -> Path:
    """Write the agent and the learner's counters; the folder appears whole or not at all.

    Raises:
        StoreError: the disk refuses; earlier checkpoints are untouched.
    """
    existing = _existing(directory)
    serial = int(existing[-1].name.removeprefix(_PREFIX)) + 1 if existing else 1
    final = directory / f"{_PREFIX}{serial:08d}"
    arrays = safetensors.save(_named(agent.state))
    meta = json.dumps(_meta(agent, counters, arrays), indent=1).encode()
    write_folder(final, {_ARRAYS: arrays, _META: meta})
    for old in _existing(directory)[:-_KEEP]:
        shutil.rmtree(old)
    return final


def load(directory: Path, agent: ResidualAgent) -> Counters | None:
    """Restore the newest readable checkpoint into ``agent``; None if there is none at all.

    Returns:
        The counters given to `save`.

    Raises:
        SpecMismatch: it was written for another rig or another network.
        StoreError: there are checkpoints, and every one is damaged.
    """
    existing = _existing(directory)
    for folder in reversed(existing):
        try:
            meta, arrays = _read(folder)
        except StoreError as error:
            _LOG.error("checkpoint skipped, trying the one before: %s", error)
            continue
        agent.state = _restored(agent, arrays, meta, folder)
        return meta["counters"]
    if existing:
        raise StoreError(
            f"all {len(existing)} checkpoints in {directory} are damaged; move them away to start afresh"
        )
    return None


def _existing(directory: Path) -> list[Path]:
    return sorted(directory.glob(f"{_PREFIX}[0-9]*"))


def _named(state: Any) -> dict[str, np.ndarray]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): np.asarray(leaf, order="C") for path, leaf in leaves}


def _meta(agent: ResidualAgent, counters: Mapping[str, int], arrays: bytes) -> dict[str, Any]:
    return {
        "format": 1,
        "spec": agent.spec.fingerprint(),
        "step": agent.step,
        "counters": dict(counters),
        "sha256": hashlib.sha256(arrays).hexdigest(),
    }


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        meta = json.loads((folder / _META).read_bytes())
        data = (folder / _ARRAYS).read_bytes()
        if hashlib.sha256(data).hexdigest() != meta["sha256"]:
            raise StoreError(f"{folder}: the arrays do not match their checksum")
        return meta, safetensors.load(data)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise StoreError(f"{folder} cannot be read: {error}") from error


def _restored(agent: ResidualAgent, arrays: dict[str, np.ndarray], meta: dict[str, Any], folder: Path) -> Any:
    want = _named(agent.state)
    if meta["spec"] != agent.spec.fingerprint():
        raise SpecMismatch(f"{folder} is for spec {meta['spec']}, this rig is {agent.spec.fingerprint()}")
    wrong = [n for n in want.keys() | arrays.keys() if _shape(want.get(n)) != _shape(arrays.get(n))]
    if wrong:
        raise SpecMismatch(
            f"{folder} is for another network: {len(wrong)} arrays differ, first {min(wrong)}; "
            "resume with the preset it was trained with"
        )
    # Copies: a restored buffer is donated to the next update, so it must be jax's own.
    leaves = [jnp.array(arrays[name]) for name in want]
    return copied(jax.tree.unflatten(jax.tree.structure(agent.state), leaves))


def _shape(array: np.ndarray | None) -> object:
    return None if array is None else (array.shape, array.dtype)
