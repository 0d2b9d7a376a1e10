"""The doctor's findings as a table for people, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from robot.doctor.examination import examine
from robot.doctor.finding import Finding

_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def run_doctor(rig: str | None, as_json: bool, console: Console) -> int:
    """Examine and print; 1 if anything does not work, else 0."""
    with console.status("looking at the cell; nothing will move", spinner="line"):
        findings = list(examine(rig))
    problems = sum(f.verdict == "problem" for f in findings)
    if as_json:
        data = {"rig": rig, "problems": problems, "findings": [asdict(f) for f in findings]}
        console.out(json.dumps(data), highlight=False)
    else:
        console.print(table(findings))
        console.print(_last_line(rig, problems))
    return 1 if problems else 0


def table(findings: Iterable[Finding]) -> Table:
    """A row a finding; the next step stands under what was seen."""
    table = Table(box=None, pad_edge=False)
    for heading in ("check", "", "seen, and what to do"):
        table.add_column(heading, overflow="fold")
    for f in findings:
        text = Text(f.seen)
        if f.next_step:
            text.append(f"\n-> {f.next_step}", style="bold")
        table.add_row(Text(f.check), Text(f.verdict, style=_STYLES[f.verdict]), text)
    return table


def _last_line(rig: str | None, problems: int) -> str:
    if problems:
        return (
            f"{problems} problem{'s' if problems > 1 else ''}: solve the first, then run `nudge doctor` again"
        )
    return (
        f"No problems. Next: nudge jog --rig {rig}" if rig else "No problems. Next: nudge doctor --rig NAME"
    )
