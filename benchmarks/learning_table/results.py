"""The rows in the repository: one a line, sorted, so that two machines' work merges as text does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.learning_table.row import Row
from policies.replay.durable import write_file
from robot.core.config import from_dict, to_dict
from robot.core.errors import StoreError


def read_rows(path: Path) -> list[Row]:
    """Every row of the file, none if there is no file.

    Raises:
        StoreError: the file does not read.
        ConfigError: a row has other fields than today's.
    """
    if not path.exists():
        return []
    try:
        data = json.loads(path.read_text())["rows"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"cannot read {path}: {error!r}; restore it with git, no run is lost by that"
        ) from error
    return [from_dict(Row, row, f"{path}, row {i}") for i, row in enumerate(data)]


def add_row(path: Path, row: Row) -> None:
    """Keep one more row; one with the same key stays as it is. The file is replaced in one step."""
    rows = {r.key: r for r in read_rows(path)}
    rows.setdefault(row.key, row)
    lines = [json.dumps(to_dict(rows[key]), separators=(",", ":")) for key in sorted(rows)]
    write_file(path, ('{"rows":[\n' + ",\n".join(lines) + "\n]}\n").encode())


def newest(rows: Iterable[Row]) -> dict[tuple[str, str, int, str], Row]:
    """The last finished row of every cell (arm, task, seed, host)."""
    return {r.cell: r for r in sorted(rows, key=lambda r: r.finished)}
