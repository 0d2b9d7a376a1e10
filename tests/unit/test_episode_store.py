"""The store: kills, damaged files, two writers, and a reader that follows."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from policies.replay import zarr_files
from policies.replay.assemble import assemble, assemble_cut, messages_from
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.replay.journal import JournalWriter
from robot.core.codec import encode
from robot.core.errors import StoreError
from robot.core.types import Outcome
from tests.unit.counting_episode import append_all, end, expect_steps, header, observation, record, step

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EpisodeStore]:
    store = EpisodeStore(tmp_path / "store")
    yield store
    store.close()


def same(a: Episode, b: Episode) -> bool:
    ends = [[encode(m) for m in messages_from(e, 0)] for e in (a, b)]
    return ends[0] == ends[1] and a.header == b.header


def test_what_is_recorded_reads_back(store: EpisodeStore) -> None:
    assert (store.ids(), store.next_id()) == ([], 0)
    record(store, 4, 20)
    steps = [step(4, t) for t in range(20)]
    assert same(store.read(4), assemble(header(4), steps, end(4, 20, Outcome.SUCCESS)))
    assert store.read(4).images["wrist"].dtype == np.uint8
    assert store.read(4).success
    assert (store.ids(), store.next_id()) == ([4], 5)
    assert not list(store.layout.journals.iterdir())


def test_any_zarr_tool_reads_it(store: EpisodeStore) -> None:
    group = zarr.open_group(record(store, 0, 3), mode="r")
    assert dict(group.attrs)["header"]["task"] == "peg"  # type: ignore[index, call-overload]
    assert (group.attrs["done"], group.attrs["outcome"]) == (True, "SUCCESS")
    assert np.asarray(group["images/wrist"]).shape == (4, 6, 6, 3)


def test_read_all_by_mode(store: EpisodeStore) -> None:
    for i, mode in enumerate(("demo", "train", "demo")):
        record(store, i, 2, mode)
    assert [e.header.episode_id for e in store.read_all("demo")] == [0, 2]
    assert len(store.read_all()) == 3


def test_repeats_are_ignored_and_gaps_refused(store: EpisodeStore) -> None:
    writer = store.begin(header(0))
    for t in (0, 0, 1, 0, 1):
        writer.append(step(0, t))
    assert len(writer) == 2
    with pytest.raises(StoreError, match="got step 3, want 2"):
        writer.append(step(0, 3))
    with pytest.raises(StoreError, match="episode 1, want episode 0"):
        writer.append(step(1, 2))
    with pytest.raises(StoreError, match="ended after 5 steps but 2"):
        writer.finish(end(0, 5))
    writer.finish(end(0, 2))
    expect_steps(store.read(0), 2)


def test_an_observation_that_changes_shape_is_named(store: EpisodeStore) -> None:
    writer = store.begin(header(0))
    writer.append(step(0, 0))
    odd = replace(observation(0, 1), images={"wrist": np.zeros((2, 2, 3), np.uint8)})
    with pytest.raises(StoreError, match=r"images/wrist got \(2, 2, 3\), want \(6, 6, 3\)"):
        writer.append(replace(step(0, 1), observation=odd))
    writer.close()


def test_a_number_is_used_once(store: EpisodeStore) -> None:
    record(store, 0, 2)
    with pytest.raises(StoreError, match=r"already in .* next free is 1"):
        store.begin(header(0))


def test_an_episode_without_steps_leaves_nothing(store: EpisodeStore) -> None:
    assert store.begin(header(0)).finish(end(0, 0)) is None
    assert (store.ids(), store.layout.journal_ids()) == ([], [])


def test_one_writer_many_readers(store: EpisodeStore) -> None:
    record(store, 0, 2)
    other = EpisodeStore(store.layout.root)
    expect_steps(other.read(0), 2)
    with pytest.raises(StoreError, match="written by another process"):
        other.begin(header(1))
    store.close()
    record(other, 1, 2)
    other.close()


KILLED = """
import os, sys
from policies.replay.episode_store import EpisodeStore
from tests.unit.counting_episode import header, step
store = EpisodeStore(sys.argv[1])
writer = store.begin(header(7))
for t in range(12):
    writer.append(step(7, t))
print("written", flush=True)
sys.stdin.read()
"""


def test_kill_9_keeps_every_step_once(store: EpisodeStore) -> None:
    command = [sys.executable, "-c", KILLED, str(store.layout.root)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        with pytest.raises(StoreError, match="another process"):
            store.recover()
        process.send_signal(signal.SIGKILL)
    assert store.recover() == []
    episode = store.read(7)
    expect_steps(episode, 11)  # the twelfth was in flight: nobody saw what came of it
    assert episode.outcome is Outcome.ABORTED
    assert episode.truncated.tolist() == [False] * 10 + [True]
    assert store.layout.journal_ids() == []
    assert store.next_id() == 8


@pytest.mark.parametrize("steps", [0, 1])
def test_a_cut_before_the_second_step_leaves_nothing(store: EpisodeStore, steps: int) -> None:
    writer = store.begin(header(0))
    append_all(writer, steps)
    writer.close()
    assert store.recover() == []
    assert (store.ids(), store.layout.journal_ids()) == ([], [])


def test_killed_after_the_end_but_before_the_zarr(store: EpisodeStore) -> None:
    store.recover()
    journal = JournalWriter(store.layout.journal(2))
    for message in (header(2), step(2, 0), step(2, 1), end(2, 2, Outcome.SUCCESS)):
        journal.append(message)
    journal.finish()
    half = store.layout.episodes / ".00000002.zarr.tmp"
    half.mkdir()
    store.recover()
    expect_steps(store.read(2), 2)
    assert store.read(2).outcome is Outcome.SUCCESS
    assert not half.exists()


def test_killed_between_rename_and_deletion(store: EpisodeStore) -> None:
    record(store, 0, 3)
    JournalWriter(store.layout.journal(0)).finish()
    store.recover()
    expect_steps(store.read(0), 3)
    assert store.layout.journal_ids() == []


def test_a_terminal_step_is_not_also_truncated() -> None:
    episode = assemble_cut(header(0), [step(0, 0, terminated=True), step(0, 1)])
    assert episode is not None
    assert (episode.terminated.tolist(), episode.truncated.tolist()) == ([True], [False])


@pytest.mark.parametrize("damage", ["flip", "shorten", "delete", "attributes"])
def test_a_damaged_episode_is_moved_and_the_others_stay(store: EpisodeStore, damage: str) -> None:
    for i in range(3):
        record(store, i, 3)
    harm(store.layout.episode(1), damage)
    with pytest.raises(StoreError, match=r"00000001\.zarr"):
        store.read(1)
    (problem,) = store.recover()
    assert "00000001.zarr is damaged" in str(problem)
    assert "\n" not in str(problem)
    assert store.ids() == [0, 2]
    assert store.layout.corrupt_ids() == [1]
    expect_steps(store.read(2), 3)
    assert store.recover() == []


def test_episodes_from_before_there_were_labels_are_read_as_unlabelled(
    store: EpisodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zarr_files, "VERSION", 2)
    monkeypatch.setattr(zarr_files, "_PLAIN", tuple(set(zarr_files._PLAIN) - {"dense", "plan"}))
    record(store, 0, 2)
    monkeypatch.undo()
    episode = store.read(0)
    assert episode.dense.tolist() == [0.0, 0.0, 0.0]
    assert episode.plan.tolist() == [0, 0, 0]


def test_a_newer_format_is_refused_not_moved_away(
    store: EpisodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zarr_files, "VERSION", 4)
    record(store, 0, 2)
    monkeypatch.undo()
    for use in (lambda: store.read(0), store.recover):
        with pytest.raises(StoreError, match="format version 4, this program reads 3"):
            use()
    assert store.ids() == [0]


def harm(folder: Path, damage: str) -> None:
    chunk = folder / "action" / "c.0.0"
    if damage == "delete":
        chunk.unlink()  # zarr itself would read zeros
    elif damage == "shorten":
        chunk.write_bytes(chunk.read_bytes()[:-1])
    elif damage == "flip":
        chunk.write_bytes(bytes([chunk.read_bytes()[0] ^ 1]) + chunk.read_bytes()[1:])
    else:
        root = folder / "zarr.json"
        root.write_text(root.read_text().replace("ada", "eve"))


def test_a_damaged_record_inside_a_journal_is_kept_aside(store: EpisodeStore) -> None:
    store.recover()
    path = store.layout.journal(0)
    journal = JournalWriter(path)
    for message in (header(0), step(0, 0), step(0, 1), step(0, 2), step(0, 3)):
        journal.append(message)
    journal.close()
    data = bytearray(path.read_bytes())
    data[-len(encode(step(0, 3))) - 20] ^= 1  # inside step 2
    path.write_bytes(data)
    (problem,) = store.recover()
    assert "is damaged at byte" in str(problem)
    expect_steps(store.read(0), 1)
    assert (store.layout.corrupt / "00000000.ndj").read_bytes() == data
