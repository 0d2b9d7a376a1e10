"""Joining the messages of one control step."""

from __future__ import annotations

from typing import Any

from robot.core.topics import EXECUTED, REWARD
from robot.core.types import Reward
from robot.sync import StampSync


def send(sync: StampSync, *marks: str) -> list[list[float] | None]:
    """ "e3" is what EXECUTED carries at 3 ns; its value tells repeats apart."""
    out: list[list[float] | None] = []
    for n, mark in enumerate(marks):
        topic = EXECUTED if mark[0] == "e" else REWARD
        got: Any = sync.add(topic, Reward(int(mark[1:]), float(n)))
        out.append(got and [got[t.name].value for t in (EXECUTED, REWARD)])
    return out


def test_a_stamp_is_whole_once_every_topic_has_it_in_any_order() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "r1", "r2", "e2") == [None, [0, 1], None, [3, 2]]


def test_interleaved_stamps_do_not_mix() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "e2", "r1", "r2") == [None, None, [0, 2], [1, 3]]


def test_a_repeat_replaces_and_is_whole_once() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "e1", "r1", "r1") == [None, None, [1, 2], None]


def test_what_is_older_than_a_whole_stamp_is_forgotten() -> None:
    assert send(StampSync((EXECUTED, REWARD)), "e1", "e2", "r2", "r1") == [None, None, [1, 2], None]


def test_only_the_newest_half_stamps_are_kept() -> None:
    sync = StampSync((EXECUTED, REWARD))
    assert send(sync, "e1", "e2", "e3", "e4", "e5", "r1")[-1] is None
    assert send(sync, "r3") == [[2, 0]]


def test_clear_forgets_halves_and_one_topic_is_always_whole() -> None:
    sync = StampSync((EXECUTED, REWARD))
    send(sync, "e1")
    sync.clear()
    assert send(sync, "r1") == [None]
    assert StampSync((REWARD,)).add(REWARD, Reward(9, 0.0)) is not None
