"""Labels of a run computed after the fact: files beside the episodes, each written once."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from policies.replay.durable import write_file
from robot.core.errors import StoreError
from robot.core.types import Array

CONFIG, REPORT = "config.json", "report.json"


@dataclass(frozen=True)
class Labels:
    """The new columns of one episode."""

    dense: Array  # [T + 1] of its observations
    plan: np.ndarray  # [T + 1] int32, version in the plans' own store; 0: none


class LabelColumns:
    """A folder with ``config.json``, a ``%08d.npz`` an episode (episode, step, dense, plan), and at the end
    ``report.json``.

    Args:
        folder: new, or an unfinished one of the same job.
        config: plain data, all that the labels depend on.

    Raises:
        StoreError: the folder holds a finished job or another one.
    """

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self._folder = folder
        if folder.exists():
            self._require_same(config)
        else:
            write_file(folder / CONFIG, _text(config))

    def read(self, episode_id: int) -> Labels | None:
        """What an earlier go at this job wrote; StoreError where that is damaged."""
        path = self._path(episode_id)
        if not path.exists():
            return None
        try:
            with np.load(path) as stored:
                return Labels(stored["dense"], stored["plan"])
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(f"{path} is damaged ({error}); remove it and give the command again") from error

    def write(self, episode_id: int, labels: Labels) -> None:
        """One episode's, whole or not at all."""
        columns = io.BytesIO()
        step = np.arange(len(labels.dense), dtype=np.int32)
        episode = np.full(len(step), episode_id, np.int64)
        np.savez(columns, episode=episode, step=step, dense=labels.dense, plan=labels.plan)
        write_file(self._path(episode_id), columns.getvalue())

    def finish(self, report: dict[str, Any]) -> None:
        """All episodes are there."""
        write_file(self._folder / REPORT, _text(report))

    def _require_same(self, config: dict[str, Any]) -> None:
        other = "labels are never overwritten: give another --name"
        if (self._folder / REPORT).exists():
            raise StoreError(f"{self._folder} holds finished labels; {other}")
        path = self._folder / CONFIG
        try:
            there = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise StoreError(f"{self._folder} is not an unfinished relabel ({error}); {other}") from error
        changed = sorted(k for k in there.keys() | config.keys() if there.get(k) != config.get(k))
        if changed:
            raise StoreError(f"{path} is of another job, which differs in {', '.join(changed)}; {other}")

    def _path(self, episode_id: int) -> Path:
        return self._folder / f"{episode_id:08d}.npz"


def _text(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, indent=2) + "\n").encode()
