"""The operator's keys on their way from a terminal to the graph."""

from __future__ import annotations

import os
import pty
import sys
import termios
from collections.abc import Iterator

import pytest

from robot.core.types import Event, Key
from robot.nodes.keys import KeyNode
from robot.session.terminal_keys import TerminalKeys


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)


def test_known_keys_become_events_in_their_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    node, out = KeyNode(reader), list[Event]()
    node.publish = lambda topic, message: out.append(message)
    node.start()
    os.write(writer, b"y?q")
    while len(out) < 2:
        node.tick(0)
    os.close(writer)  # the session has ended
    node.close()
    assert [e.key for e in out] == [Key.SUCCESS, Key.STOP]
    assert out[0].stamp_ns > 1e18  # Unix time


def test_a_session_without_a_terminal_has_no_keys(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", os.fdopen(os.dup(pipe[0])))
    with TerminalKeys(lambda key: pytest.fail(f"got {key!r}")):
        os.write(pipe[1], b"x")
    os.close(pipe[1])


def test_the_terminal_gives_keys_at_once_and_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    monkeypatch.setattr(sys, "stdin", os.fdopen(theirs))
    before, got = termios.tcgetattr(theirs), list[str]()
    with TerminalKeys(got.append):
        os.write(ours, b"axb")  # no Enter
        while not got:
            pass
    assert got == ["x"]
    assert termios.tcgetattr(theirs) == before
    os.close(ours)
