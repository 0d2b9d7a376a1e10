"""A folder that is either wholly on disk or not there: write aside, fsync, rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from robot.core.errors import StoreError


def disk_error(path: Path, error: OSError) -> StoreError:
    """The StoreError for a failed write: path, reason, free space and the next step."""
    folder = next(p for p in (path, *path.parents) if p.is_dir())
    free_mb = shutil.disk_usage(folder).free / 1e6
    return StoreError(
        f"cannot write {path}: {error.strerror} ({free_mb:.1f} MB free); free some space and start again. "
        "Everything stored before stays readable"
    )


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Make ``target`` hold ``files`` (relative path -> content), whole or not at all, through a power cut.

    Raises StoreError when the disk refuses; nothing is then left behind.
    """
    aside = target.with_name(f".{target.name}.tmp")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        for name, content in files.items():
            _write(aside / name, content)
        # All written, then all pushed: one commit of the file system then serves many.
        for path in [*aside.rglob("*"), aside]:
            fsync(path)
        aside.rename(target)
        fsync(target.parent)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise disk_error(target, error) from error


def fsync(path: Path) -> None:
    """Push one file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
