"""The answers of a test that was stopped, so that it can go on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from policies.rewards.grounding.bench.record import NO_ANSWER, BenchRecord
from policies.rewards.grounding.row import GroundingRow
from robot.core.errors import StoreError


def earlier_answers(path: Path, rows: Sequence[GroundingRow], model: str) -> list[BenchRecord]:
    """The answers there are to these rows' questions; questions that got none are left out.

    Raises:
        StoreError: the file is of another test, or a line is damaged that is not the last, cut by a kill.
    """
    if not path.exists():
        return []
    records = _read(path)
    asked = {row.id: (row.image_sha256, row.coord_format, model) for row in rows}
    foreign = [r for r in records if asked.get(r.id) != (r.image_sha256, r.coord_format, r.model)]
    if foreign:
        raise StoreError(
            f"{path} holds {len(foreign)} answers of another test, such as {foreign[0].id} of "
            f"{foreign[0].model} in {foreign[0].coord_format}; give another --out, or move it away"
        )
    return [r for r in records if r.kind != NO_ANSWER]


def replace_answers(path: Path, records: Sequence[BenchRecord]) -> None:
    """Write the file anew, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text("".join(r.json_line + "\n" for r in records))
    os.replace(part, path)


def _read(path: Path) -> list[BenchRecord]:
    lines = path.read_text().split("\n")  # the last one is empty, or cut
    try:
        return [BenchRecord.from_json_line(line) for line in lines[:-1]]
    except (TypeError, ValueError, LookupError) as error:
        raise StoreError(f"{path} holds a line that is no answer: {error}; move it away") from error
