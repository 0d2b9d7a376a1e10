"""Published weights on disk: every version, each whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.weights_file import read_weights, stored_versions, write_weights
from robot.core.errors import CodecError, StoreError
from robot.core.types import Weights


def weights(version: int) -> Weights:
    return Weights(version, 10 * version, "rig", bytes([version]) * 9, "signature")


def test_the_newest_is_read_unless_another_is_asked_for(tmp_path: Path) -> None:
    for version in (9, 10, 2, 11, 1):
        write_weights(tmp_path / "weights", weights(version))
    assert read_weights(tmp_path / "weights") == weights(11)
    assert read_weights(tmp_path / "weights", 9) == weights(9)
    assert stored_versions(tmp_path / "weights") == [1, 2, 9, 10, 11]
    with pytest.raises(StoreError, match=r"version 3 .*; there are 1, 2, 9, 10, 11"):
        read_weights(tmp_path / "weights", 3)


def test_a_write_that_was_cut_off_is_not_read(tmp_path: Path) -> None:
    write_weights(tmp_path, weights(3))
    (tmp_path / "000004.tmp").write_bytes(b"half")
    assert read_weights(tmp_path).version == 3


def test_no_weights_and_damaged_weights_are_errors(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nudge train"):
        read_weights(tmp_path)
    path = write_weights(tmp_path, weights(3))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CodecError, match="checksum"):
        read_weights(tmp_path)
