"""Published weights on disk: the newest few, each the very message that the actor checks."""

from __future__ import annotations

import os
from pathlib import Path

from robot.core import codec
from robot.core.errors import StoreError
from robot.core.types import Weights

_KEEP = 3


def write_weights(folder: Path, weights: Weights) -> Path:
    """Write one version, whole or not at all, and drop the oldest beyond three."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{weights.version:06d}.weights"
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(codec.encode(weights))
    os.replace(temporary, path)
    for old in sorted(folder.glob("*.weights"))[:-_KEEP]:
        old.unlink()
    return path


def read_weights(folder: Path) -> Weights:
    """The newest version; StoreError when there is none."""
    paths = sorted(folder.glob("*.weights"))
    if not paths:
        raise StoreError(f"no weights in {folder}: nothing was learned yet; run `nudge train` first")
    return codec.decode(paths[-1].read_bytes())
