"""Draws docs/TASK_task.png, a demonstration as people in the room see it: python docs/task_room.py TASK.

A second word is the seed. Where a task has a `_state` variant, that is drawn: the same motion, without frames
for the policy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from policies.tasks import TASKS
from robot.core import topics
from robot.core.host import LocalHost
from robot.core.node import Node
from robot.core.topics import Topic
from robot.session import graph
from robot.session.config import SessionConfig
from robot.session.job import Job
from sim.cell import TwinCell
from sim.rendering import Renderer

COLUMNS, ROWS, SIZE, GAP = 3, 2, (300, 420), 4  # frames, pixels [H, W], pixels of white between them


class Onlooker(Node):
    """Draws the cell at the end of every control step."""

    name = "onlooker"
    inputs = (topics.REWARD,)

    def __init__(self, cell: TwinCell) -> None:
        self._cell = cell
        self._renderer = Renderer(cell.twin.model, SIZE, pretty=True)
        self.frames: list[np.ndarray] = []

    def on(self, topic: Topic, message: Any) -> None:
        """One more frame."""
        self.frames.append(self._renderer.draw(self._cell.twin.data, "room"))

    def close(self) -> None:
        """Give the GL context back."""
        self._renderer.close()


def demonstration(config: SessionConfig) -> list[np.ndarray]:
    """Frames [H, W, 3] of one demonstration."""
    with TemporaryDirectory() as folder:
        job = Job(Path(folder), config, "demos")
        nodes = [node for process in graph.processes(job) for node in graph.build(process, job)]
        onlooker = Onlooker(next(n for n in nodes if isinstance(n, TwinCell)))
        LocalHost([*nodes, onlooker]).run()
    return onlooker.frames


def grid(frames: list[np.ndarray]) -> np.ndarray:
    """Frames from the first to the last, evenly apart, line by line [H, W, 3]."""
    chosen = np.linspace(0, len(frames) - 1, COLUMNS * ROWS).round().astype(int)
    framed = [np.pad(frames[i], ((0, GAP), (0, GAP), (0, 0)), constant_values=255) for i in chosen]
    lines = [np.concatenate(framed[i : i + COLUMNS], axis=1) for i in range(0, len(framed), COLUMNS)]
    return np.concatenate(lines, axis=0)


def main(task: str, seed: int) -> None:
    """Write the picture beside this file."""
    name = f"{task}_state" if f"{task}_state" in TASKS else task
    config = SessionConfig(task=name, host="local", demos=1, seed=seed)
    Image.fromarray(grid(demonstration(config))).save(Path(__file__).parent / f"{task}_task.png")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
