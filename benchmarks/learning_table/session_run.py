"""One session of the table as a child process: its folder, its command, and its row when it is done."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.learning_table import commits
from benchmarks.learning_table.machine import machine
from benchmarks.learning_table.marker import Marker, base_id, read_marker, write_marker
from benchmarks.learning_table.milestones import has_milestones
from benchmarks.learning_table.plan import ARMS, IMITATION, Cell
from benchmarks.learning_table.row import Row, read_row
from benchmarks.learning_table.share import start_from
from robot.arguments import Train
from robot.cli import session_config
from robot.session.config import SessionConfig


@dataclass(frozen=True)
class SessionRun:
    """A cell's session in the folder ``runs`` / its name."""

    cell: Cell
    runs: Path
    settings: Path | None = None  # YAML over the preset, for a quick look

    @property
    def run_dir(self) -> Path:
        """The session's."""
        return self.runs / self.cell.name

    @property
    def done(self) -> bool:
        """Whether the session has ended, and its policies have been evaluated."""
        return (self.run_dir / "summary.json").exists() and has_milestones(self.run_dir)

    @property
    def needs(self) -> SessionRun | None:
        """The session whose base this one starts from, as long as it has not started."""
        if self.cell.arm == IMITATION or read_marker(self.run_dir):
            return None
        return SessionRun(self.cell.base, self.runs, self.settings)

    def argv(self) -> list[str]:
        """The command line that starts the session, or goes on with it."""
        arm, cell = ARMS[self.cell.arm], self.cell
        words = ["--task", cell.task, "--preset", arm.preset, "--seed", str(cell.seed), "--host", cell.host]
        words += [] if arm.interventions else ["--no-interventions"]
        words += [] if self.settings is None else ["--config", str(self.settings)]
        return [sys.executable, "-m", "benchmarks.learning_table.child", str(self.run_dir), *words]

    def prepare(self, commit: str) -> None:
        """Make or mark the folder: ``commit`` works on it from now on. NudgeError as `start_from`."""
        if self.needs is not None:
            start_from(self.needs.run_dir, self.run_dir, self._config(), commit)
        marker = read_marker(self.run_dir) or Marker((commit,))
        self.run_dir.mkdir(parents=True, exist_ok=True)
        write_marker(self.run_dir, marker.worked_on_by(commit))

    def row(self) -> Row:
        """The finished session's."""
        marker = read_marker(self.run_dir)
        assert marker is not None, f"{self.run_dir} was not started by this benchmark"
        if self.cell.arm == IMITATION:
            marker = Marker(marker.commits, marker.commit, base_id(self.run_dir))
        return read_row(self.cell, self.run_dir, marker, machine())

    def set_aside(self) -> None:
        """Give the folder another name, so that the session starts anew; nothing is deleted."""
        number = len(list(self.runs.glob(f"{self.cell.name}.old-*")))
        self.run_dir.rename(self.run_dir.with_name(f"{self.cell.name}.old-{number}"))

    def is_since(self, oldest: str | None) -> bool:
        """Whether what the folder holds was made by ``oldest`` or later commits."""
        marker = read_marker(self.run_dir)
        return marker is None or oldest is None or commits.is_since(marker.commit, oldest)

    def _config(self) -> SessionConfig:
        arm, cell = ARMS[self.cell.arm], self.cell
        asked = Train(
            task=cell.task,
            preset=arm.preset,
            seed=cell.seed,
            host=cell.host,
            interventions=arm.interventions,
            config=self.settings,
        )
        return session_config(asked)
