"""A full disk: one clear message, and nothing that was stored is lost."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from policies.replay.episode_store import EpisodeStore
from robot.core.errors import StoreError
from robot.core.types import Outcome
from tests.unit.counting_episode import append_all, end, expect_steps, header, record


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_while_appending(small_disk: Path) -> None:
    store = EpisodeStore(small_disk)
    record(store, 0, 5)
    writer = store.begin(header(1))
    with pytest.raises(StoreError, match=rf"cannot write {small_disk}/journal.* No space left .*MB free"):
        append_all(writer, 2000)
    written = len(writer)
    writer.close()
    expect_steps(store.read(0), 5)
    (problem,) = store.recover()  # still full: the journal stays
    assert "was not recovered" in str(problem)
    assert store.ids() == [0]
    subprocess.run(["mount", "-o", "remount,size=8m", small_disk], check=True)
    assert store.recover() == []
    expect_steps(store.read(1), written - 1)
    store.close()


def test_a_full_disk_while_finishing(small_disk: Path) -> None:
    store = EpisodeStore(small_disk)
    record(store, 0, 5)
    writer = store.begin(header(1))
    append_all(writer, 10)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(small_disk).free - 8192))
    with pytest.raises(StoreError, match=r"cannot write .*/episodes/00000001\.zarr"):
        writer.finish(end(1, 10, Outcome.SUCCESS))
    assert not list(store.layout.episodes.glob(".*"))
    filler.unlink()
    assert store.recover() == []
    assert store.read(1).outcome is Outcome.SUCCESS
    expect_steps(store.read(1), 10)
    store.close()
