"""Watches an unattended graph: what came of every attempt, and how long that took."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import EpisodeStart, RobotState, Status


@dataclass(frozen=True)
class Return:
    """The way from the end of one attempt to the beginning of the next. Times in s of the cell's clock."""

    seed: int  # of the attempt that ended
    stuck: bool = False  # it, or the way back, had to be got free
    jam: bool = False  # seen as a jam: a hard push
    tries: int = 0
    free_s: float = 0.0  # from the first try until the tool was free for good
    start_s: float = 0.0  # from the end of the attempt until the next began
    attended: bool = False  # a person had to begin the next
    reason: str = ""  # what for
    force_n: float = 0.0  # the largest on the way


class WatcherNode(Node):
    """Listens; `returns` holds one entry an attempt that was followed by another."""

    name = "watcher"

    def __init__(self, arm: str) -> None:
        self.inputs = (topics.AUTONOMY, topics.EPISODE_START, topics.arm_state(arm))
        self.returns: list[Return] = []
        self._open: Return | None = None
        self._seed, self._ended_ns, self._tried_ns = 0, 0, 0

    def on(self, topic: Topic, message: Status | EpisodeStart | RobotState) -> None:
        """One message."""
        if isinstance(message, RobotState):
            self._measure(message)
        elif isinstance(message, Status):
            self._follow(message)
        else:
            if self._open is not None:
                self._open = replace(self._open, attended=not message.in_place)
            self._seed = message.seed

    def _measure(self, state: RobotState) -> None:
        if self._open is not None:
            force = float(np.linalg.norm(state.wrench[:3]))
            self._open = replace(self._open, force_n=max(self._open.force_n, force))

    def _follow(self, status: Status) -> None:
        mode = next(name for name, on in status.values.items() if on and name != "tries")
        now, tries = status.stamp_ns, int(status.values["tries"])
        if mode == "practice":
            self._close(now)
            return
        if self._open is None:
            self._open, self._ended_ns = Return(self._seed), now
        back = self._open
        if mode == "recover":
            self._tried_ns = now if tries == 1 else self._tried_ns
            jam = back.jam or status.text.startswith("jam")
            back = replace(back, stuck=True, tries=tries, jam=jam)
        elif mode == "reset" and back.stuck:
            back = replace(back, free_s=(now - self._tried_ns) * 1e-9)
        elif mode == "help_needed":
            back = replace(back, reason=status.text)
        self._open = back

    def _close(self, now_ns: int) -> None:
        if self._open is not None:
            self.returns.append(replace(self._open, start_s=(now_ns - self._ended_ns) * 1e-9))
        self._open = None
