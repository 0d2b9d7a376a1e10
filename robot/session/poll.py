"""What a session looks at while a stage runs: new metric rows go to a view, a fatal one ends the stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from robot.core.errors import StoreError
from robot.session.metrics import MetricsTail, Row


class Poll:
    """Call it again and again; StoreError when a node reports that recording has failed."""

    def __init__(self, metrics: Path, show: Callable[[Sequence[Row]], None]) -> None:
        self._tail, self._show = MetricsTail(metrics), show
        self._since_s = time.time()

    def __call__(self) -> None:
        """Show what is new."""
        rows = self._tail.poll()
        self._show(rows)
        for row in rows:
            if row["kind"] == "warning" and row.get("fatal") and row["t"] >= self._since_s:
                raise StoreError(row["text"])
