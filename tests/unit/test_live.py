"""The terminal view: there at once, compact, and readable lines when nobody watches."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from robot.session.live import LiveView, SessionHeader, clock, sparkline
from tests.unit.fake_session import fake_session

HEADER = SessionHeader("peg_insert", "residual", 3, "local", "runs/one")


def _console(terminal: bool, width: int = 100) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, record=True)


def _text(console: Console) -> str:
    return console.export_text()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_view_is_compact_and_says_what_matters(width: int) -> None:
    console = _console(terminal=True, width=width)
    view, rows = LiveView(HEADER, console), fake_session(40)
    for row in rows:
        view.progress.feed(row)
    view.warn("learner: " + "weights refused " * 30)
    console.print(view.render(rows[-1]["t"]))
    text = _text(console)
    lines = text.splitlines()
    assert len(lines) <= 22
    assert max(map(len, lines)) <= min(width, 100)
    for want in (
        "peg_insert",
        "seed 3",
        "online learning",
        "left",
        "updates per step",
        "21.3/44.8 ms",
        "weights refused",
    ):
        assert want in text
    assert "█" in text


def test_first_table_is_there_before_any_metric() -> None:
    console = _console(terminal=True)
    with LiveView(HEADER, console):
        assert "demonstrations" in _text(console)


def test_without_a_terminal_one_line_a_stage_change_and_none_between() -> None:
    console = _console(terminal=False)
    rows = fake_session(40)
    with LiveView(HEADER, console) as view:
        for row in rows:
            view.update([row])
    lines = _text(console).splitlines()
    told = sum(r["kind"] in ("stage", "restart", "warning") for r in rows)
    assert len(lines) == 1 + 1 + told + 1  # title, first state, changes and warnings, last state
    assert "online 3105/6000" in lines[-1]
    assert "autonomous 10/20" in lines[-1]
    assert "guided" not in lines[-1]


def test_what_a_plan_drove_is_told_and_is_not_the_policy_s() -> None:
    console = _console(terminal=False)
    with LiveView(HEADER, console) as view:
        for row in fake_session(40):
            view.update([{**row, "guided": row["steps"] // 2} if row["kind"] == "episode" else row])
    line = _text(console).splitlines()[-1]
    assert re.search(r"guided (4\d|50)%", line)
    assert "autonomous 0/0" in line


def test_interrupt_leaves_the_terminal_as_it_was() -> None:
    console = _console(terminal=True)
    with pytest.raises(KeyboardInterrupt), LiveView(HEADER, console):
        raise KeyboardInterrupt
    written = console.file.getvalue()  # type: ignore[attr-defined]
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is shown again


def test_restarts_and_warnings_are_shown() -> None:
    console = _console(terminal=True)
    with LiveView(HEADER, console) as view:
        view.update([{"t": 1.0, "kind": "restart", "node": "learner", "reason": "exit code -9"}])
        view.update([{"t": 2.0, "kind": "warning", "node": "recorder", "text": "disk nearly full"}])
    text = _text(console)
    assert "learner restarted: exit code -9" in text
    assert "recorder: disk nearly full" in text


def test_sparkline_and_clock() -> None:
    assert sparkline([0, 0.4, 1, float("nan")]) == "▁▄█ "
    assert len(sparkline([0.0] * 99 + [1.0], 10)) == 10
    assert sparkline([0.0] * 99 + [1.0], 10)[-1] == "█"
    assert (clock(59.9), clock(3723)) == ("0:59", "1:02:03")
