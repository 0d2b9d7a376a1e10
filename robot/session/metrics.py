"""metrics.jsonl: one JSON line an event, appended by the nodes and read by people's views.

| kind | values |
|---|---|
| stage | stage, state start/done/skipped (again: what it did does not count any more), |
|         | total (episodes; BC: gradient steps; online: control steps) |
| episode | stage, episode_id, mode, outcome, success, steps, interventions, guided, handovers, |
|         | weights_version, online_steps (train-mode steps so far), return, |
|         | plan (keypoints that rewarded its end; 0: none) |
| bc | step, total, loss |
| learner | learner_step, online_steps, updates_per_s, utd, q_mean, q_expert, q_online, critic_loss, |
|         | actor_loss, bc_loss, residual_abs, saturation, weights_version, phase collect/critic/actor |
| actor | tick_p50_ms, tick_p99_ms, swap_p99_ms, swap_count, ticks_per_s, refused |
| histogram | name, edges_ms [n + 1], counts [n]: everything since the node started |
| restart | node, reason |
| warning | node, text, fatal (the session ends) |

`interventions` counts the steps a person drove, `guided` those of a keypoint plan, `handovers` how
often a person took over.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies.replay.durable import disk_error
from robot.core.errors import StoreError

STAGES = ("demos", "bc", "base_eval", "online", "final_eval")
Row = Mapping[str, Any]


class MetricsLog:
    """Appends rows; each is one write() to a file opened for append, so several processes may share it."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._end_torn_line(self._path)

    def write(self, kind: str, **values: Any) -> None:
        """Append one row with the time in unix seconds; the kernel has it when this returns.

        Numpy scalars and arrays are taken; a number that is not finite is written as null. StoreError when
        the disk refuses.
        """
        row = {"t": round(time.time(), 3), "kind": kind, **values}
        line = json.dumps(_plain(row), allow_nan=False, separators=(",", ":"))
        try:
            os.write(self._fd, line.encode() + b"\n")
        except OSError as error:
            raise disk_error(self._path, error) from error

    def close(self) -> None:
        """Give the file back; writing after that is an error."""
        os.close(self._fd)

    def _end_torn_line(self, path: Path) -> None:
        # A writer killed in mid-line would otherwise swallow the first row written after it.
        with path.open("rb") as file:
            if file.seek(0, os.SEEK_END) and file.seek(-1, os.SEEK_END) >= 0 and file.read(1) != b"\n":
                os.write(self._fd, b"\n")


class MetricsTail:
    """Follows a metrics file that others are writing; the file may not exist yet."""

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        self._offset = 0

    def poll(self) -> list[dict[str, Any]]:
        """Rows completed since the last call; a line without its newline waits."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole, newline, _torn = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        return [row for line in whole.splitlines() if (row := _parse(line)) is not None]


def read_metrics(path: Path | str) -> list[dict[str, Any]]:
    """Every complete row of a finished or running session.

    Raises:
        StoreError: there is no such file.
    """
    if not Path(path).exists():
        raise StoreError(f"no metrics at {path}; a run folder has metrics.jsonl once a session has started")
    return MetricsTail(path).poll()


def _parse(line: bytes) -> dict[str, Any] | None:
    # Only a line torn by a killed writer fails to parse, and what it held is lost by definition.
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "kind" in row and "t" in row else None


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
