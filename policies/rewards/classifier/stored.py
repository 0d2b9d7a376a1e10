"""A trained classifier as a folder: settings as JSON, arrays as npz without pickle, whole or not there."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from policies.replay.durable import write_folder
from policies.residual.weights import flatten, unflatten
from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.gate import Box
from policies.rewards.classifier.head import Model
from policies.rewards.classifier.inputs import Inputs
from robot.core.config import from_dict, to_dict
from robot.core.errors import NudgeError, SpecMismatch, StoreError

_FORMAT = 1
_SETTINGS, _ARRAYS = "classifier.json", "weights.npz"


@dataclass(frozen=True)
class StoredClassifier:
    """Everything that judging a frame takes."""

    config: ClassifierConfig
    inputs: Inputs
    model: Model
    box: Box
    temperature: float  # that the logits are divided by
    threshold: float  # of the probability
    seen: tuple[str, ...]  # starts it was trained or tuned on; measuring on them would flatter it


def save(folder: Path, stored: StoredClassifier) -> None:
    """Write ``folder`` whole; StoreError if the disk refuses, NudgeError if it is there already."""
    require_new(folder)
    arrays = io.BytesIO()
    box = {"low": stored.box.low, "high": stored.box.high}
    np.savez(arrays, allow_pickle=False, **flatten({**stored.model._asdict(), "box": box}))
    content = arrays.getvalue()
    folder.parent.mkdir(parents=True, exist_ok=True)
    settings = json.dumps(_settings(stored, content), indent=1).encode()
    write_folder(folder, {_SETTINGS: settings, _ARRAYS: content})


def require_new(folder: Path) -> None:
    """NudgeError if there is something: rewards given by a classifier must stay explainable by it."""
    if folder.exists():
        raise NudgeError(f"{folder} is there already; name another with --out, or move it away")


def load(folder: Path, inputs: Inputs | None = None) -> StoredClassifier:
    """What `save` wrote, for a rig that sees ``inputs``; None: whatever it was trained for.

    Raises:
        StoreError: no classifier there, or a damaged one.
        SpecMismatch: it was trained for another rig or another trunk.
    """
    try:
        settings = json.loads((folder / _SETTINGS).read_bytes())
        content = (folder / _ARRAYS).read_bytes()
        if settings["format"] != _FORMAT:
            raise StoreError(f"{folder} has format {settings['format']}, want {_FORMAT}; train it again")
        if hashlib.sha256(content).hexdigest() != settings["sha256"]:
            raise StoreError(f"{folder / _ARRAYS} does not match its checksum; train it again")
        stored = _restored(folder, settings, content)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise StoreError(
            f"no success classifier to read in {folder}: {error}; make one with `nudge reward train RUN`"
        ) from error
    _require_fit(folder, stored.inputs, settings["fingerprint"], inputs)
    return stored


def _settings(stored: StoredClassifier, content: bytes) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "fingerprint": stored.inputs.fingerprint(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "temperature": stored.temperature,
        "threshold": stored.threshold,
        "inputs": to_dict(stored.inputs),
        "config": to_dict(stored.config),
        "seen": list(stored.seen),
    }


def _restored(folder: Path, settings: dict[str, Any], content: bytes) -> StoredClassifier:
    where = str(folder / _SETTINGS)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        tree = unflatten({name: arrays[name] for name in arrays.files})
    return StoredClassifier(
        config=from_dict(ClassifierConfig, settings["config"], where),
        inputs=from_dict(Inputs, settings["inputs"], where),
        model=Model(tree["params"], tree["statistics"]),
        box=Box(**tree["box"]),
        temperature=float(settings["temperature"]),
        threshold=float(settings["threshold"]),
        seen=tuple(settings["seen"]),
    )


def _require_fit(folder: Path, trained_for: Inputs, fingerprint: str, offered: Inputs | None) -> None:
    if trained_for.fingerprint() != fingerprint:
        raise StoreError(f"{folder / _SETTINGS} was edited: its inputs do not match its fingerprint")
    if offered is None or offered.fingerprint() == fingerprint:
        return
    differ = [
        f"{name}: got {getattr(offered, name)}, want {getattr(trained_for, name)}"
        for name in ("task", "features", "state", "encoder")
        if getattr(offered, name) != getattr(trained_for, name)
    ]
    what = "; ".join(differ) or "the same state in another order"
    raise SpecMismatch(f"{folder} was trained for another task, rig or trunk ({what}); train one for this")
