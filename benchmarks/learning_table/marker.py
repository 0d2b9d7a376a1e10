"""What a run folder says of its origin, in RUN/benchmark.json: whose code made it, and on which base."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from policies.replay.durable import write_file
from robot.core.config import from_dict, to_dict

_FILE = "benchmark.json"


@dataclass(frozen=True)
class Marker:
    """Commits that worked on a session and on the base it started from, the first one first."""

    commits: tuple[str, ...]
    base_commit: str = ""  # empty in the imitation session itself until it is done
    base_id: str = ""

    @property
    def commit(self) -> str:
        """``abc1234``, or ``abc1234..def5678`` for a session that was resumed after an update."""
        return self.commits[0] if len(self.commits) == 1 else f"{self.commits[0]}..{self.commits[-1]}"

    def worked_on_by(self, commit: str) -> Marker:
        """With one more commit, if it is a new one."""
        return self if self.commits[-1] == commit else replace(self, commits=(*self.commits, commit))


def read_marker(run_dir: Path) -> Marker | None:
    """None if the folder is no run of the benchmark; ConfigError if the marker does not read."""
    path = run_dir / _FILE
    return from_dict(Marker, json.loads(path.read_text()), str(path)) if path.exists() else None


def write_marker(run_dir: Path, marker: Marker) -> None:
    """Whole or not at all."""
    write_file(run_dir / _FILE, (json.dumps(to_dict(marker)) + "\n").encode())


def base_id(run_dir: Path) -> str:
    """Eight hex digits over a session's base: the policy, and its actions on the demonstrations."""
    digest = hashlib.sha256()
    for path in sorted((run_dir / "base").glob("*.safetensors")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]
