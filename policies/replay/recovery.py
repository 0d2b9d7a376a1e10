"""What a writer does before it writes: finish what a killed one left, move damaged files away."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from policies.replay import zarr_files
from policies.replay.assemble import assemble, assemble_cut, relabelled
from policies.replay.episode import Episode
from policies.replay.episode_writer import finalise
from policies.replay.journal import Ending, Journal, read_journal
from policies.replay.layout import Layout
from robot.core.errors import StoreError
from robot.core.types import EpisodeEnd, EpisodeHeader, LateLabels, Step

_LOG = logging.getLogger(__name__)


def recover(layout: Layout) -> list[StoreError]:
    """Bring the store in order; needs the writer's lock. Returns what was lost or could not be done.

    Episodes come before journals: a killed finalisation may have left both, and the journal repairs a
    damaged episode.
    """
    problems: list[StoreError] = []
    for aside in layout.episodes.glob(".*.tmp"):
        shutil.rmtree(aside)
    for episode_id in layout.episode_ids():
        problems += _check_episode(layout, episode_id)
    for episode_id in layout.journal_ids():
        problems += _finish_journal(layout, episode_id)
    for problem in problems:
        _LOG.error("%s", problem)
    return problems


def read_files(folder: Path) -> dict[str, bytes]:
    """Every file of one stored episode: relative path -> content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _check_episode(layout: Layout, episode_id: int) -> list[StoreError]:
    path = layout.episode(episode_id)
    try:
        zarr_files.check(read_files(path))
    except OSError as error:  # the disk or a permission, not the episode
        return [StoreError(f"episode {path} cannot be read: {error}")]
    except ValueError as error:
        moved = _move_away(layout, path)
        return [
            StoreError(f"episode {path} is damaged ({error}); it was moved to {moved}, the others are whole")
        ]
    return []


def _finish_journal(layout: Layout, episode_id: int) -> list[StoreError]:
    path = layout.journal(episode_id)
    if layout.episode(episode_id).exists():  # killed between the rename and the deletion
        path.unlink()
        return []
    journal = read_journal(path)
    problems: list[StoreError] = []
    try:
        episode = episode_of(journal)
        if journal.ending is Ending.CORRUPT:
            copy = _copy_away(layout, path)
            problems.append(
                StoreError(f"journal {path} is damaged at byte {journal.offset}; a copy is in {copy}")
            )
        finalise(layout, episode, episode_id)
        kept = len(episode) if episode else 0
        _LOG.warning("episode %d was cut off; %d steps recovered from %s", episode_id, kept, path)
    except (StoreError, OSError) as error:  # a full disk: the journal stays for the next start
        problems.append(StoreError(f"journal {path} was not recovered: {error}"))
    return problems


def episode_of(journal: Journal) -> Episode | None:
    """The episode in a journal, ABORTED if it has no end; None where no step has a next observation."""
    header = next((m for m in journal.messages if isinstance(m, EpisodeHeader)), None)
    steps = [m for m in journal.messages if isinstance(m, Step)]
    for late in (m for m in journal.messages if isinstance(m, LateLabels)):
        steps = relabelled(steps, late)
    end = next((m for m in journal.messages if isinstance(m, EpisodeEnd)), None)
    if header is None or not steps:
        return None
    return assemble_cut(header, steps) if end is None else assemble(header, steps, end)


def _move_away(layout: Layout, path: Path) -> Path:
    target = _free_name(layout, path)
    path.rename(target)
    return target


def _copy_away(layout: Layout, path: Path) -> Path:
    return Path(shutil.copy2(path, _free_name(layout, path)))


def _free_name(layout: Layout, path: Path) -> Path:
    layout.corrupt.mkdir(exist_ok=True)
    names = (path.name, *(f"{path.stem}-{i}{path.suffix}" for i in range(1, 1000)))
    return next(layout.corrupt / n for n in names if not (layout.corrupt / n).exists())
