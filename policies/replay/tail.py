"""The learner's end of the store: every recorded thing once, in order, while it is still being written."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from policies.replay.assemble import messages_from
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.replay.journal import read_journal
from robot.core.errors import StoreError
from robot.core.types import EpisodeEnd, EpisodeHeader, LateLabels, Step

_LOG = logging.getLogger(__name__)

Record = Episode | EpisodeHeader | Step | LateLabels | EpisodeEnd


@dataclass
class _Cursor:
    offset: int = 0  # bytes of the journal already read
    steps: int = 0  # steps already handed out
    wanted: bool = True


class StoreTail:
    """Follows a store that another process writes; no lock, no cooperation needed.

    An episode met finished comes as one `Episode`; one met in progress as its header, steps and end.
    ``ReplayBuffer.add`` takes either. Modes not asked for are skipped.
    """

    def __init__(self, root: Path | str, modes: tuple[str, ...] = ("demo", "train")) -> None:
        self._store = EpisodeStore(root)
        self._modes = modes
        self._done: set[int] = set()
        self._open: dict[int, _Cursor] = {}

    def poll(self) -> list[Record]:
        """What has been recorded since the last poll."""
        # Journals are listed first: one that is finalised meanwhile is then among the episodes.
        journals = set(self._store.layout.journal_ids())
        finished = set(self._store.ids())
        records: list[Record] = []
        for episode_id in sorted((journals | finished) - self._done):
            try:
                records += self._finished(episode_id) if episode_id in finished else self._growing(episode_id)
            except FileNotFoundError:
                break  # finalised since the listing; the next poll reads it, and what comes after it
        return records

    def _finished(self, episode_id: int) -> list[Record]:
        cursor = self._open.pop(episode_id, None)
        self._done.add(episode_id)
        try:
            if self._store.header(episode_id).mode not in self._modes:
                return []
            episode = self._store.read(episode_id)
        except StoreError as error:
            _LOG.error("not learned from: %s", error)
            return []
        return [episode] if cursor is None else [*messages_from(episode, cursor.steps)]

    def _growing(self, episode_id: int) -> list[Record]:
        cursor = self._open.get(episode_id, _Cursor())
        messages, cursor.offset, _ = read_journal(self._store.layout.journal(episode_id), cursor.offset)
        if not messages:
            return []
        self._open[episode_id] = cursor
        if isinstance(messages[0], EpisodeHeader):
            cursor.wanted = messages[0].mode in self._modes
        cursor.steps += sum(isinstance(m, Step) for m in messages)
        if isinstance(messages[-1], EpisodeEnd):
            self._open.pop(episode_id)
            self._done.add(episode_id)
        return messages if cursor.wanted else []
