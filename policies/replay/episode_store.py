"""Episodes on disk: append-only, one writer, any number of readers, whole or not there."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import NamedTuple

from policies.replay import recovery, zarr_files
from policies.replay.durable import disk_error
from policies.replay.episode import Episode
from policies.replay.episode_writer import EpisodeWriter
from policies.replay.layout import Layout
from robot.core.errors import StoreError
from robot.core.types import EpisodeHeader, Outcome


class Card(NamedTuple):
    """An episode without its arrays."""

    header: EpisodeHeader
    outcome: Outcome
    steps: int


class EpisodeStore:
    """A folder of episodes. Reading needs no lock; the first `begin` or `recover` takes the writer's.

    ``ROOT/journal/%08d.ndj`` is the episode in progress, ``ROOT/episodes/%08d.zarr`` a finished one.
    """

    def __init__(self, root: Path | str) -> None:
        self.layout = Layout(Path(root))
        self._lock: int | None = None

    def ids(self) -> list[int]:
        """Finished episodes, sorted."""
        return self.layout.episode_ids()

    def next_id(self) -> int:
        """A number that no episode here has ever had: finished, in progress or damaged."""
        used = [*self.ids(), *self.layout.journal_ids(), *self.layout.corrupt_ids()]
        return max(used, default=-1) + 1

    def header(self, episode_id: int) -> EpisodeHeader:
        """The header alone, without reading the arrays."""
        return self.card(episode_id).header

    def cards(self, mode: str) -> list[Card]:
        """What the finished episodes of one mode were, by number, without reading their arrays."""
        cards = (self.card(i) for i in self.ids())
        return [c for c in cards if c.header.mode == mode]

    def card(self, episode_id: int) -> Card:
        """What one finished episode was; StoreError names the file if it is missing or damaged."""
        path = self.layout.episode(episode_id)
        try:
            attributes = zarr_files.read_attributes((path / zarr_files.ROOT_FILE).read_bytes())
            outcome = Outcome[attributes["outcome"]]
            return Card(zarr_files.header_of(attributes), outcome, attributes["steps"])
        except (ValueError, OSError) as error:
            raise _damaged(path, error) from error

    def read(self, episode_id: int) -> Episode:
        """One finished episode; StoreError names the file if it is missing or damaged."""
        path = self.layout.episode(episode_id)
        try:
            return zarr_files.unpack(recovery.read_files(path))
        except (ValueError, OSError) as error:
            raise _damaged(path, error) from error

    def read_all(self, mode: str | None = None) -> list[Episode]:
        """Every finished episode, or those of one mode (demo, train or eval), by number."""
        return [self.read(i) for i in self.ids() if mode is None or self.header(i).mode == mode]

    def begin(self, header: EpisodeHeader) -> EpisodeWriter:
        """Start recording; StoreError if another process writes here or the number is taken."""
        if self._lock is None:
            self.recover()
        episode_id = header.episode_id
        if self.layout.episode(episode_id).exists() or self.layout.journal(episode_id).exists():
            raise StoreError(
                f"episode {episode_id} is already in {self.layout.root}; the next free is {self.next_id()}"
            )
        return EpisodeWriter(self.layout, header)

    def recover(self) -> list[StoreError]:
        """Become the writer and finish what a killed one left; returns (and logs) what was damaged.

        Call it before the first `begin`: an episode in progress would be taken for one that was cut off.
        """
        try:
            self.layout.prepare()
            self._take_lock()
        except OSError as error:
            raise disk_error(self.layout.root, error) from error
        return recovery.recover(self.layout)

    def close(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        handle = os.open(self.layout.lock, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise StoreError(
                f"{self.layout.root} is being written by another process; stop that one or record elsewhere"
            ) from error
        self._lock = handle


def _damaged(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"cannot read episode {path}: {error}; the next recording start moves a damaged one away"
    )
