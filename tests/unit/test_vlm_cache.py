"""Cache entries are found by all that an answer depends on, and damaged ones count as absent."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel

from policies.rewards.vlm.cache import AnswerCache, CacheEntry, cache_key
from policies.rewards.vlm.config import VlmConfig
from policies.rewards.vlm.question import PNG_SIGNATURE, Question

CONFIG = VlmConfig("http://lab/v1", "m")
ENTRY = CacheEntry('{"side": "left"}', "m", 10, 2)
KEY = "0" * 64


class Side(BaseModel):
    side: Literal["left", "right"]


class Sides(BaseModel):
    side: Literal["left", "right", "both"]


def image(text: bytes) -> bytes:
    return PNG_SIGNATURE + text


QUESTION = Question("Which side?", (image(b"a"), image(b"b")), Side)


def test_every_part_of_the_key_counts() -> None:
    questions = [
        QUESTION,
        dataclasses.replace(QUESTION, prompt="Which side"),
        dataclasses.replace(QUESTION, images=(image(b"b"), image(b"a"))),
        dataclasses.replace(QUESTION, images=(image(b"a"),)),
        Question(QUESTION.prompt, QUESTION.images, Sides),
    ]
    changes = [{"model": "n"}, {"temperature": 1.0}, {"temperature": None}, {"seed": 1}, {"max_tokens": 9}]
    configs = [dataclasses.replace(CONFIG, **change) for change in changes]
    keys = {cache_key(q, CONFIG) for q in questions} | {cache_key(QUESTION, c) for c in configs}
    assert len(keys) == len(questions) + len(changes)


def test_how_one_asks_does_not_count() -> None:
    other = dataclasses.replace(CONFIG, base_url="http://other/v1", attempts=9, deadline_s=99.0)
    assert cache_key(QUESTION, other) == cache_key(QUESTION, CONFIG)


def test_what_is_put_is_got_and_no_other_file_stays(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path / "new" / "folder")
    assert cache.get(KEY) is None
    cache.put(KEY, ENTRY)
    assert AnswerCache(tmp_path / "new" / "folder").get(KEY) == ENTRY
    assert [f.name for f in (tmp_path / "new" / "folder").iterdir()] == [f"{KEY}.json"]
    assert cache.damaged == 0


@pytest.mark.parametrize("damage", [b"", b"{}", b"null", b"\xff\x00", b'{"version": 1}'])
def test_a_damaged_entry_is_absent_and_reported(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    cache = AnswerCache(tmp_path)
    (tmp_path / f"{KEY}.json").write_bytes(damage)
    assert cache.get(KEY) is None
    assert cache.damaged == 1
    assert f"damaged entry {tmp_path / KEY}.json" in caplog.text
    cache.put(KEY, ENTRY)
    assert cache.get(KEY) == ENTRY


def test_an_entry_under_another_key_is_not_taken(tmp_path: Path) -> None:
    cache = AnswerCache(tmp_path)
    cache.put(KEY, ENTRY)
    (tmp_path / f"{KEY}.json").rename(tmp_path / f"{'1' * 64}.json")
    assert cache.get("1" * 64) is None
    assert cache.damaged == 1


def test_a_folder_that_cannot_be_written_costs_the_entry_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    AnswerCache(tmp_path / "file").put(KEY, ENTRY)
    assert "entry not stored" in caplog.text


def test_a_question_must_hold_a_prompt_and_png_files() -> None:
    with pytest.raises(ValueError, match="without a prompt"):
        Question(" ", (), Side)
    with pytest.raises(ValueError, match="image 1 starts with b'JFIF'"):
        Question("Which?", (image(b""), b"JFIF"), Side)
