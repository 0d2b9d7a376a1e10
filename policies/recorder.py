"""The recorder: every experience message goes to the store before anybody may learn from it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from policies.replay.episode_store import EpisodeStore
from policies.replay.episode_writer import EpisodeWriter
from robot.core.errors import StoreError
from robot.core.node import Node
from robot.core.topics import EXPERIENCE, STORED, Topic
from robot.core.types import EpisodeEnd, EpisodeHeader, LateLabels, Status, Step

_LOG = logging.getLogger(__name__)


class RecorderNode(Node):
    """Writes headers, steps and ends to ``root`` and reports each on STORED.

    STORED values: ``episode_id``, ``steps`` recorded of it, ``finalised`` (1 once it is a whole episode on
    disk), ``failed``. The first StoreError (a full disk, a lost step) ends recording: it is logged, published
    as text, and `failed` tells the session to stop; the graph runs on and stored episodes stay readable.
    An episode that finishes after zero steps, or is cut off before its second, leaves nothing behind.
    """

    name = "recorder"
    inputs = (EXPERIENCE,)
    outputs = (STORED,)

    def __init__(self, root: Path | str) -> None:
        self.failed = False
        self._store = EpisodeStore(root)
        self._writer: EpisodeWriter | None = None
        self._stamp_ns = 0
        self._ignored = -1  # the episode last complained about

    def start(self) -> None:
        """Become the store's writer; StoreError if another process is."""
        self._store.recover()

    def on(self, topic: Topic, message: Any) -> None:
        """Record one message."""
        if self.failed:
            return
        try:
            self._record(message)
        except StoreError as error:
            self._fail(error)

    def close(self) -> None:
        """Store an open episode as aborted and let another process write."""
        try:
            self._abort_open()
        except StoreError as error:
            self.failed = True
            _LOG.error("the open episode stays in its journal: %s", error)
        self._store.close()

    def _record(self, message: EpisodeHeader | Step | LateLabels | EpisodeEnd) -> None:
        if isinstance(message, EpisodeHeader):
            self._begin(message)
        elif self._writer is None or message.episode_id != self._writer.header.episode_id:
            self._ignore(message)
        else:
            self._add(self._writer, message)

    def _begin(self, header: EpisodeHeader) -> None:
        if self._is_repeat(header):
            return
        aborted = self._abort_open()
        if aborted is not None:
            self._report(aborted, finalised=aborted.header.episode_id in self._store.ids())
        self._writer = self._store.begin(header)
        self._report(self._writer, finalised=False)

    def _is_repeat(self, header: EpisodeHeader) -> bool:
        # The actor repeats a header after a reconnect. If this recorder was restarted in between, the episode
        # is already stored as aborted, and the rest of it cannot be joined to that.
        if self._writer is not None and self._writer.header == header:
            return True
        return header.episode_id in self._store.ids() and self._store.header(header.episode_id) == header

    def _add(self, writer: EpisodeWriter, message: Step | LateLabels | EpisodeEnd) -> None:
        if isinstance(message, LateLabels):
            return writer.label(message)
        self._stamp_ns = message.observation.stamp_ns
        if isinstance(message, Step):
            writer.append(message)
            self._report(writer, finalised=False)
        else:
            path = writer.finish(message)
            self._writer = None
            self._report(writer, finalised=path is not None)

    def _ignore(self, message: Step | LateLabels | EpisodeEnd) -> None:
        if message.episode_id != self._ignored:
            _LOG.warning("steps of episode %d ignored: its header did not come first", message.episode_id)
        self._ignored = message.episode_id

    def _abort_open(self) -> EpisodeWriter | None:
        writer, self._writer = self._writer, None
        if writer is not None:
            path = writer.abort()
            _LOG.warning("episode %d did not end; stored as aborted: %s", writer.header.episode_id, path)
        return writer

    def _report(self, writer: EpisodeWriter, finalised: bool, text: str = "") -> None:
        values = {
            "episode_id": float(writer.header.episode_id),
            "steps": float(len(writer)),
            "finalised": float(finalised),
            "failed": float(self.failed),
        }
        self.publish(STORED, Status(self._stamp_ns, self.name, values, text))

    def _fail(self, error: StoreError) -> None:
        self.failed = True
        _LOG.error("recording stopped: %s", error)
        if self._writer is not None:
            self._writer.close()
        self.publish(STORED, Status(self._stamp_ns, self.name, {"failed": 1.0}, str(error)))
        self._writer = None
