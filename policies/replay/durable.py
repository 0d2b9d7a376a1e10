"""Files and folders that are either wholly on disk or not there: write aside, sync, rename."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from robot.core.errors import StoreError

_LIBC = ctypes.CDLL(None, use_errno=True)


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
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _sync_file_system(aside)
        aside.rename(target)
        fsync(target.parent)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise disk_error(target, error) from error


def write_file(target: Path, content: bytes) -> None:
    """Make ``target`` hold ``content`` instead of what it held, whole or not at all, through a power cut.

    Raises StoreError when the disk refuses; nothing is then left behind.
    """
    aside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        fsync(aside)
        aside.rename(target)
        fsync(target.parent)
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        with suppress(OSError):  # after the renaming there is none
            aside.unlink()


def fsync(path: Path) -> None:
    """Push one file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_file_system(path: Path) -> None:
    # One commit for forty files: an fsync each took five to ten times as long. Linux only, as a cell is.
    handle = os.open(path, os.O_RDONLY)
    try:
        if _LIBC.syncfs(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
    finally:
        os.close(handle)
