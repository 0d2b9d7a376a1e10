"""The journal: appended means kept, and a cut loses at most the record it goes through."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.replay.journal import Ending, JournalWriter, read_journal
from robot.core.codec import encode
from robot.core.errors import StoreError
from tests.unit.counting_episode import end, header, step

MESSAGES = [header(3), step(3, 0), step(3, 1), end(3, 2)]
FRAMES = [len(encode(m)) + 4 for m in MESSAGES]
STARTS = [sum(FRAMES[:i]) for i in range(len(FRAMES) + 1)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "3.ndj"
    writer = JournalWriter(path)
    for message in MESSAGES:
        writer.append(message)
    writer.finish()
    return path


def test_a_whole_journal_reads_back(whole: Path) -> None:
    journal = read_journal(whole)
    assert [encode(m) for m in journal.messages] == [encode(m) for m in MESSAGES]
    assert (journal.offset, journal.ending) == (STARTS[-1], Ending.WHOLE)


def test_appended_is_readable_before_finish(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path / "j")
    writer.append(MESSAGES[0])
    assert read_journal(tmp_path / "j").messages == [MESSAGES[0]]
    writer.close()


def test_a_cut_at_every_byte_loses_at_most_the_torn_record(whole: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(whole.read_bytes())
    for length in reversed(range(STARTS[-1] + 1)):
        os.truncate(cut, length)
        journal = read_journal(cut)
        complete = sum(length >= s for s in STARTS[1:])
        assert len(journal.messages) == complete
        assert journal.offset == STARTS[complete]
        assert journal.ending is (Ending.WHOLE if length in STARTS else Ending.TORN)


@given(data=st.data())
def test_a_flipped_bit_never_yields_a_wrong_message(whole: Path, data: st.DataObject) -> None:
    content = bytearray(whole.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    damaged = whole.with_name("damaged")
    damaged.write_bytes(content)
    journal = read_journal(damaged)
    before = sum(at >= s for s in STARTS[1:])
    assert [encode(m) for m in journal.messages] == [encode(m) for m in MESSAGES[:before]]
    assert journal.ending is not Ending.WHOLE


def test_reading_goes_on_from_an_offset(whole: Path) -> None:
    journal = read_journal(whole, STARTS[2])
    assert [encode(m) for m in journal.messages] == [encode(m) for m in MESSAGES[2:]]
    assert journal.offset == STARTS[-1]


def test_a_refused_write_says_where_and_leaves_no_half_record(tmp_path: Path) -> None:
    path, old = tmp_path / "j", resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = JournalWriter(path)
    writer.append(MESSAGES[0])
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (STARTS[1] + 10, old[1]))
        with pytest.raises(StoreError, match=rf"cannot write {path}.*MB free"):
            writer.append(MESSAGES[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    writer.append(MESSAGES[1])
    writer.close()
    journal = read_journal(path)
    assert (len(journal.messages), journal.ending) == (2, Ending.WHOLE)


def test_a_journal_is_never_overwritten(whole: Path) -> None:
    with pytest.raises(StoreError, match="File exists"):
        JournalWriter(whole)
