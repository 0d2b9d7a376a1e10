"""What a classifier looks at: feature maps of one trunk, and proprioception. Never privileged state."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from robot.core.errors import SpecMismatch
from robot.core.spec import ObservationSpec
from robot.core.types import Array, Arrays

_PRIVILEGED = "privileged/"


@dataclass(frozen=True)
class Inputs:
    """Of one task: shapes by name, and which trunk made the maps; the state is flattened in this order."""

    task: str
    features: dict[str, tuple[int, ...]]  # camera -> (h, w, c)
    state: dict[str, tuple[int, ...]]  # name -> (n,)
    encoder: str  # fingerprint of the trunk

    @property
    def state_size(self) -> int:
        """S, the length of the flattened state."""
        return sum(int(np.prod(shape)) for shape in self.state.values())

    def fingerprint(self) -> str:
        """Sixteen hex digits that differ when the task, a name, a shape or the trunk differs."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]

    def flat_state(self, state: Mapping[str, np.ndarray]) -> Array:
        """The state vectors [..., n] as one [..., S]; SpecMismatch names one that is missing or misshapen."""
        _check("state", state, self.state)
        parts = [np.asarray(state[name], np.float32) for name in self.state]
        return np.concatenate(parts, axis=-1)

    def maps(self, features: Mapping[str, np.ndarray]) -> Arrays:
        """The cameras' maps [..., h, w, c]; SpecMismatch names one that is missing or misshapen."""
        _check("features", features, self.features)
        return {camera: features[camera] for camera in self.features}


def inputs_of(task: str, spec: ObservationSpec, encoder: str) -> Inputs:
    """Everything in ``spec`` that a real cell has too, for the trunk with the fingerprint ``encoder``.

    Raises:
        SpecMismatch: the spec has no feature maps.
    """
    if not spec.features:
        raise SpecMismatch(f"task {task!r} has no cameras, so there is nothing to classify; use one that has")
    state = {name: tuple(s) for name, s in spec.state.items() if not name.startswith(_PRIVILEGED)}
    return Inputs(task, {camera: tuple(s) for camera, s in spec.features.items()}, state, encoder)


def _check(kind: str, got: Mapping[str, np.ndarray], want: Mapping[str, tuple[int, ...]]) -> None:
    for name, shape in want.items():
        if name not in got:
            raise SpecMismatch(f"{kind} {name!r}: missing, got {sorted(got)}; the classifier needs it")
        if got[name].shape[-len(shape) :] != shape:
            raise SpecMismatch(f"{kind} {name!r}: got shape {got[name].shape}, want (..., {shape})")
