"""Training state on disk: one safetensors file, replaced whole, so a kill leaves the old or the new one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from robot.core.errors import NudgeError


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` so that ``path`` is never half written, also over a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def save_tensors(path: Path, tensors: Mapping[str, Tensor], notes: Mapping[str, float | str]) -> None:
    """Tensors and a few notes in one file."""
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    write_atomic(path, save(contiguous, {"notes": json.dumps(dict(notes))}))


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, float | str]]:
    """What `save_tensors` wrote; NudgeError names a file that is damaged."""
    try:
        with safe_open(path, "pt") as file:
            notes = json.loads((file.metadata() or {})["notes"])
            return {name: file.get_tensor(name) for name in file.keys()}, notes  # noqa: SIM118
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise NudgeError(f"{path} cannot be read ({error}); delete it and train again") from error
