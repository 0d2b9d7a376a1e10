"""Published weights on disk, one version a checkpoint, each the very message that the actor checks."""

from __future__ import annotations

from pathlib import Path

from policies.replay.durable import write_file
from robot.core import codec
from robot.core.errors import StoreError
from robot.core.types import Weights


def write_weights(folder: Path, weights: Weights) -> Path:
    """Write one version, whole or not at all; StoreError when the disk refuses."""
    path = _path(folder, weights.version)
    write_file(path, codec.encode(weights))
    return path


def stored_versions(folder: Path) -> list[int]:
    """Those there are, the oldest first."""
    return sorted(int(path.stem) for path in folder.glob("*.weights"))


def read_weights(folder: Path, version: int | None = None) -> Weights:
    """One version, the newest if not given; StoreError when it is not there."""
    stored = stored_versions(folder)
    if not stored:
        raise StoreError(f"no weights in {folder}: nothing was learned yet; run `nudge train` first")
    wanted = stored[-1] if version is None else version
    if wanted not in stored:
        raise StoreError(
            f"no weights of version {wanted} in {folder}; there are {', '.join(map(str, stored))}"
        )
    return codec.decode(_path(folder, wanted).read_bytes())


def _path(folder: Path, version: int) -> Path:
    return folder / f"{version:06d}.weights"
