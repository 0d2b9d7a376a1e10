"""Watches an unattended graph: what came of every attempt, and how long that took."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import EpisodeStart, Outcome, RobotState, Status


@dataclass(frozen=True)
class Return:
    """From the end of one attempt to the beginning of the next. Times in s of the cell's clock."""

    seed: int  # of the attempt that ended
    success: bool = False
    trouble: str = ""  # "stuck", "jammed", "dropped": why it was cut short, or the way back was blocked
    tries: int = 0  # to get free
    free_s: float = 0.0  # from the first try until the tool was free for good
    start_s: float = 0.0  # until the next attempt began
    attended: bool = False  # a person had to begin it
    reason: str = ""  # what for
    force_n: float = 0.0  # the largest on the way


class WatcherNode(Node):
    """Listens; `returns` holds one entry an attempt that was followed by another."""

    name = "watcher"

    def __init__(self, arm: str) -> None:
        self.inputs = (
            topics.AUTONOMY, topics.EPISODE_START, topics.ACTOR_STATUS, topics.arm_state(arm)
        )  # fmt: skip
        self.returns: list[Return] = []
        self._open: Return | None = None
        self._seed, self._ended_ns, self._tried_ns, self._success = 0, 0, 0, False

    def on(self, topic: Topic, message: Status | EpisodeStart | RobotState) -> None:
        """One message."""
        if isinstance(message, RobotState):
            self._measure(message)
        elif isinstance(message, EpisodeStart):
            self._seed, self._success = message.seed, False
            if self._open is not None:
                self._open = replace(self._open, attended=not message.in_place)
        elif topic == topics.AUTONOMY:
            self._follow(message)
        else:
            self._success = int(message.values["outcome"]) == Outcome.SUCCESS

    def _measure(self, state: RobotState) -> None:
        if self._open is not None:
            force = float(np.linalg.norm(state.wrench[:3]))
            self._open = replace(self._open, force_n=max(self._open.force_n, force))

    def _follow(self, status: Status) -> None:
        mode = next(name for name, on in status.values.items() if on and name != "tries")
        now = status.stamp_ns
        if mode == "practice":
            self._close(now)
            return
        if self._open is None:
            self._open, self._ended_ns = Return(self._seed, self._success), now
        self._open = self._after(self._open, mode, status)

    def _after(self, back: Return, mode: str, status: Status) -> Return:
        trouble = back.trouble or status.text.partition(":")[0]
        if mode == "recover":
            tries = int(status.values["tries"])
            self._tried_ns = status.stamp_ns if tries == 1 else self._tried_ns
            return replace(back, trouble=trouble, tries=tries)
        if mode == "help_needed":
            return replace(back, trouble=trouble, reason=status.text)
        if back.tries:
            return replace(back, free_s=(status.stamp_ns - self._tried_ns) * 1e-9)
        return replace(back, trouble=trouble)

    def _close(self, now_ns: int) -> None:
        if self._open is not None:
            self.returns.append(replace(self._open, start_s=(now_ns - self._ended_ns) * 1e-9))
        self._open = None
