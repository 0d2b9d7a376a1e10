"""Published weights on disk: the newest few, each whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.weights_file import read_weights, write_weights
from robot.core.errors import CodecError, StoreError
from robot.core.types import Weights


def weights(version: int) -> Weights:
    return Weights(version, 10 * version, "rig", bytes([version]) * 9, "signature")


def test_the_newest_is_read_and_three_are_kept(tmp_path: Path) -> None:
    for version in (1, 2, 9, 10, 11):
        write_weights(tmp_path / "weights", weights(version))
    assert read_weights(tmp_path / "weights") == weights(11)
    names = sorted(p.name for p in (tmp_path / "weights").iterdir())
    assert names == ["000009.weights", "000010.weights", "000011.weights"]


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
