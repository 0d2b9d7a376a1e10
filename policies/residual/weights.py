"""Parameters on the wire: packed, signed, and refused unless every check passes."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from robot.core.errors import WeightsRefused
from robot.core.types import Weights


def pack(params: Mapping[str, Any], version: int, learner_step: int, fingerprint: str) -> Weights:
    """Nested arrays as one signed message; the payload is safetensors with names like `actor/head/kernel`."""
    payload = safetensors.save(flatten(params))
    return Weights(
        version, learner_step, fingerprint, payload, _sign(version, learner_step, fingerprint, payload)
    )


def unpack(
    weights: Weights, expected_fingerprint: str, template_params: Mapping[str, Any], last_version: int
) -> dict[str, Any]:
    """The nested numpy arrays in ``weights``, shaped like ``template_params``.

    Raises:
        WeightsRefused: damaged, made for another rig, not newer than ``last_version``, not shaped like
            the template, or not finite. What runs keeps running.
    """
    _check_envelope(weights, expected_fingerprint, last_version)
    try:
        arrays = safetensors.load(weights.payload)
    except SafetensorError as error:
        raise _refused(weights, f"the payload is not safetensors: {error}") from error
    _check_arrays(weights, arrays, flatten(template_params))
    return unflatten(arrays)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, np.ndarray]:
    """Nested arrays as one level of slash-separated names."""
    flat: dict[str, np.ndarray] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}/")
        else:
            flat[prefix + name] = np.asarray(value, order="C")
    return flat


def unflatten(flat: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """What `flatten` flattened."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *folders, leaf = name.split("/")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[leaf] = value
    return tree


def _check_envelope(weights: Weights, fingerprint: str, last_version: int) -> None:
    signature = _sign(weights.version, weights.learner_step, weights.spec_fingerprint, weights.payload)
    if signature != weights.signature:
        raise _refused(weights, "the signature does not match: the message was damaged; send it again")
    if weights.spec_fingerprint != fingerprint:
        raise _refused(
            weights,
            f"made for spec {weights.spec_fingerprint}, this actor runs {fingerprint}; "
            "start learner and actor with the same rig and preset",
        )
    if weights.version <= last_version:
        raise _refused(weights, f"not newer than version {last_version}, which runs already")


def _check_arrays(weights: Weights, got: dict[str, np.ndarray], want: dict[str, np.ndarray]) -> None:
    problems = [f"{name} is missing" for name in sorted(want.keys() - got.keys())]
    problems += [f"{name} is not in this network" for name in sorted(got.keys() - want.keys())]
    for name in sorted(got.keys() & want.keys()):
        problems += _array_problems(name, got[name], want[name])
    if problems:
        raise _refused(weights, "; ".join(problems))


def _array_problems(name: str, got: np.ndarray, want: np.ndarray) -> list[str]:
    if (got.shape, got.dtype) != (want.shape, want.dtype):
        return [f"{name}: got {got.dtype} {got.shape}, want {want.dtype} {want.shape}"]
    if not np.isfinite(got).all():
        return [f"{name} is not finite: the learner diverged; roll back to an earlier version"]
    return []


def _refused(weights: Weights, reason: str) -> WeightsRefused:
    return WeightsRefused(f"weights version {weights.version} refused: {reason}")


def _sign(version: int, learner_step: int, fingerprint: str, payload: bytes) -> str:
    name = fingerprint.encode()
    digest = hashlib.sha256(struct.pack("<qqI", version, learner_step, len(name)))
    digest.update(name)
    digest.update(payload)
    return digest.hexdigest()
