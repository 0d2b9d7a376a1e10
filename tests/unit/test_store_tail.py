"""The learner's tail: every transition once and in order, whenever it looks."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.replay.tail import Record, StoreTail
from robot.core.types import EpisodeEnd, Outcome, Step
from tests.unit.counting_episode import SPEC, end, header, mark, step


def marks(records: list[Record]) -> list[int]:
    """Of the transitions: an open episode's last step is none yet."""
    found: list[int] = []
    for record in records:
        if isinstance(record, Episode):
            found += record.weights_version.tolist()
        elif isinstance(record, Step):
            found.append(record.weights_version)
        elif isinstance(record, EpisodeEnd):
            del found[found.index(mark(record.episode_id, 0)) + record.steps :]
    return found


@settings(max_examples=12, deadline=None)
@given(
    plan=st.lists(
        st.tuples(st.integers(2, 4), st.sampled_from(["end", "abort", "kill"])), min_size=1, max_size=3
    ),
    data=st.data(),
)
def test_every_transition_once_in_order(
    plan: list[tuple[int, str]], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("store")
    store, tail, replay = EpisodeStore(root), StoreTail(root), ReplayBuffer(SPEC, 100, 0.9)
    seen: list[Record] = []

    def look() -> None:
        if data.draw(st.booleans()):
            seen.extend(tail.poll())

    for i, (steps, how) in enumerate(plan):
        look()
        writer = store.begin(header(i))
        for t in range(steps):
            look()
            writer.append(step(i, t))
        look()
        if how == "end":
            writer.finish(end(i, steps))
        elif how == "abort":
            writer.abort()
        else:
            writer.close()
            look()
            store.recover()
    seen.extend(tail.poll())
    store.close()
    wanted = [mark(i, t) for i, (steps, how) in enumerate(plan) for t in range(steps - (how != "end"))]
    assert marks(seen) == wanted
    for record in seen:
        replay.add(record)
    assert len(replay) == len(wanted)
    assert tail.poll() == []


def test_an_end_in_the_journal_is_not_told_again_by_the_zarr(tmp_path: Path) -> None:
    store, tail = EpisodeStore(tmp_path), StoreTail(tmp_path)
    writer = store.begin(header(0))
    writer.append(step(0, 0))
    writer._journal.append(end(0, 1))  # a poll between the end and the rename
    assert [type(r).__name__ for r in tail.poll()] == ["EpisodeHeader", "Step", "EpisodeEnd"]
    writer.close()
    store.recover()
    assert store.read(0).outcome is Outcome.TIME_LIMIT
    assert tail.poll() == []
    store.close()


def test_a_record_half_written_is_waited_for(tmp_path: Path) -> None:
    store, tail = EpisodeStore(tmp_path), StoreTail(tmp_path)
    writer = store.begin(header(0))
    writer.append(step(0, 0))
    path = store.layout.journal(0)
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert len(tail.poll()) == 1
    path.write_bytes(data)
    assert marks(tail.poll()) == [0]
    writer.close()
    store.close()


def test_evaluation_is_not_learned_from(tmp_path: Path) -> None:
    store, tail = EpisodeStore(tmp_path), StoreTail(tmp_path)
    for i in range(2):
        writer = store.begin(header(i, "eval"))
        writer.append(step(i, 0))
        assert i or tail.poll() == []  # the first is met open, the second finished
        writer.finish(end(i, 1))
    assert tail.poll() == []
    store.close()


def test_a_damaged_episode_is_reported_once_and_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, tail = EpisodeStore(tmp_path), StoreTail(tmp_path)
    for i in range(2):
        writer = store.begin(header(i))
        writer.append(step(i, 0))
        writer.finish(end(i, 1))
    (store.layout.episode(0) / "action" / "c.0.0").unlink()
    with caplog.at_level(logging.ERROR):
        assert marks(tail.poll()) == [mark(1, 0)]
    assert [r for r in caplog.messages if "00000000.zarr" in r and "action" in r]
    assert tail.poll() == []
    store.close()
