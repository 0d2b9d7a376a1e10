"""One episode being recorded: journal first, zarr group at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from policies.replay import zarr_files
from policies.replay.assemble import assemble, assemble_cut, relabelled
from policies.replay.durable import disk_error, write_folder
from policies.replay.episode import Episode
from policies.replay.journal import JournalWriter
from policies.replay.layout import Layout
from robot.core.errors import StoreError
from robot.core.types import EpisodeEnd, EpisodeHeader, LateLabels, Observation, Step


class EpisodeWriter:
    """Takes the steps of one episode in order. `EpisodeStore.begin` makes it."""

    def __init__(self, layout: Layout, header: EpisodeHeader) -> None:
        self.header = header
        self._layout = layout
        self._steps: list[Step] = []
        self._journal = JournalWriter(layout.journal(header.episode_id))
        self._journal.append(header)

    def __len__(self) -> int:
        return len(self._steps)

    def append(self, step: Step) -> None:
        """Record one step; one that is already recorded is ignored, a gap raises StoreError."""
        self._expect_episode(step.episode_id)
        if step.step < len(self):
            return
        if step.step > len(self):
            raise StoreError(
                f"episode {self.header.episode_id}: got step {step.step}, want {len(self)}; a step was lost "
                "on its way here, so the episode must end and a new one begin"
            )
        self._expect_layout(step.observation)
        self._journal.append(step)
        self._steps.append(step)

    def label(self, late: LateLabels) -> None:
        """Record what was said late of recorded steps; StoreError for a step that is not recorded."""
        self._expect_episode(late.episode_id)
        labelled = relabelled(self._steps, late)
        self._journal.append(late)
        self._steps = labelled

    def finish(self, end: EpisodeEnd) -> Path | None:
        """Store the episode and delete its journal; None when it has no step and so nothing to store."""
        self._expect_episode(end.episode_id)
        if end.steps != len(self):
            raise StoreError(
                f"episode {end.episode_id} ended after {end.steps} steps but {len(self)} were recorded; "
                "its journal is kept and is stored as aborted at the next start"
            )
        if self._steps:
            self._expect_layout(end.observation)
        self._journal.append(end)
        self._journal.finish()
        return finalise(
            self._layout, assemble(self.header, self._steps, end) if self._steps else None, end.episode_id
        )

    def abort(self) -> Path | None:
        """Store what has a next observation as ABORTED; None when no step has."""
        self._journal.finish()
        return finalise(self._layout, assemble_cut(self.header, self._steps), self.header.episode_id)

    def close(self) -> None:
        """Leave the journal as it is, for the next start to recover."""
        self._journal.close()

    def _expect_episode(self, episode_id: int) -> None:
        if episode_id != self.header.episode_id:
            raise StoreError(f"got a record of episode {episode_id}, want episode {self.header.episode_id}")

    def _expect_layout(self, observation: Observation) -> None:
        if not self._steps:
            return
        got, want = _shapes(observation), _shapes(self._steps[0].observation)
        if got != want:
            odd = sorted(k for k in got.keys() | want.keys() if got.get(k) != want.get(k))
            raise StoreError(
                f"episode {self.header.episode_id}: an observation changed shape: "
                + ", ".join(f"{k} got {got.get(k)}, want {want.get(k)}" for k in odd)
            )


def finalise(layout: Layout, episode: Episode | None, episode_id: int) -> Path | None:
    """Store ``episode`` if there is one, then delete its journal; StoreError leaves the journal."""
    path = None
    if episode is not None:
        path = layout.episode(episode_id)
        write_folder(path, zarr_files.pack(episode))
    journal = layout.journal(episode_id)
    try:
        journal.unlink()
    except OSError as error:
        raise disk_error(journal, error) from error
    return path


def _shapes(observation: Observation) -> dict[str, tuple[int, ...]]:
    parts = {"state": observation.state, "images": observation.images, "features": observation.features}
    return {f"{part}/{k}": np.shape(v) for part, arrays in parts.items() for k, v in arrays.items()}
