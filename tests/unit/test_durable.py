"""Files that are written whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from policies.replay import durable
from policies.replay.durable import write_file
from robot.core.errors import StoreError


def test_a_file_takes_the_place_of_the_one_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "new" / "answer.json"
    write_file(path, b"one")
    write_file(path, b"two")
    assert [(p.name, p.read_bytes()) for p in path.parent.iterdir()] == [("answer.json", b"two")]


def test_a_full_disk_is_told_and_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "answer.json"
    write_file(path, b"one")

    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot write .*answer.json: No space left on device \("):
        write_file(path, b"two")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("answer.json", b"one")]
