"""A whole test of one served model over the rows of a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from policies.rewards.grounding.bench.answers_file import earlier_answers, replace_answers
from policies.rewards.grounding.bench.record import BenchRecord, ask
from policies.rewards.grounding.bench.sheet import contact_sheet, save_sheet
from policies.rewards.grounding.bench.summary import summarise
from policies.rewards.grounding.row import GroundingRow
from policies.rewards.vlm.client import VlmClient

ANSWERS, SUMMARY, SHEET = "answers.jsonl", "summary.json", "sheet.png"
Progress = Callable[[Sequence[GroundingRow]], Iterable[GroundingRow]]


def bench(
    client: VlmClient, rows: Sequence[GroundingRow], folder: Path, out: Path, progress: Progress = iter
) -> dict[str, Any]:
    """Ask every row's question, write answers, summary and contact sheet into ``out``; returns the summary.

    Each answer is on disk before the next question. A test that was stopped goes on: what has an answer is
    not asked again. StoreError where ``out`` holds another test's answers.
    """
    out.mkdir(parents=True, exist_ok=True)
    records = {r.id: r for r in earlier_answers(out / ANSWERS, rows, client.config.model)}
    replace_answers(out / ANSWERS, list(records.values()))
    with (out / ANSWERS).open("a") as answers:
        for row in progress([row for row in rows if row.id not in records]):
            records[row.id] = ask(client, row, folder)
            answers.write(records[row.id].json_line + "\n")
            answers.flush()
    return _finish(client, [records[row.id] for row in rows], rows, folder, out)


def _finish(
    client: VlmClient, records: Sequence[BenchRecord], rows: Sequence[GroundingRow], folder: Path, out: Path
) -> dict[str, Any]:
    asked = {
        "endpoint": client.config.base_url,
        "model": client.config.model,
        "calls": client.account.report().calls,
    }
    summary = asked | summarise(records)
    (out / SUMMARY).write_text(json.dumps(summary, indent=2) + "\n")
    sheet = contact_sheet(records, rows, folder)
    if sheet is not None:
        save_sheet(sheet, out / SHEET)
    return summary
