"""Draws docs/TASK_task.png, a demonstration in the twin: python docs/task_strip.py TASK [SEED].

The first line is what people in the room see, each further one what a camera gives the policy.
"""

from __future__ import annotations

import sys
from collections import defaultdict
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

COLUMNS, SIZE, GAP = 8, 190, 3  # frames a line, pixels of a frame, pixels of white between them
ROOM = "room"


class Onlooker(Node):
    """Keeps what the cell's cameras publish, and draws the room at the end of every control step."""

    name = "onlooker"

    def __init__(self, cell: TwinCell, cameras: tuple[str, ...]) -> None:
        self._cell = cell
        self.inputs = (topics.EPISODE_START, topics.REWARD, *(topics.camera_image(c) for c in cameras))
        self._renderer = Renderer(cell.twin.model, (SIZE, SIZE), pretty=True)
        self.frames: dict[str, list[np.ndarray]] = defaultdict(list)

    def on(self, topic: Topic, message: Any) -> None:
        """One more frame; a failed attempt's are forgotten."""
        if topic == topics.EPISODE_START:
            self.frames.clear()
        elif topic == topics.REWARD:
            self.frames[ROOM].append(self._renderer.draw(self._cell.twin.data, ROOM))
        else:
            self.frames[message.camera].append(message.pixels)

    def close(self) -> None:
        """Give the GL context back."""
        self._renderer.close()


def demonstration(config: SessionConfig) -> dict[str, list[np.ndarray]]:
    """Frames [H, W, 3] of one successful demonstration, by camera."""
    with TemporaryDirectory() as folder:
        job = Job(Path(folder), config, "demos")
        nodes = [node for process in graph.processes(job) for node in graph.build(process, job)]
        onlooker = Onlooker(next(n for n in nodes if isinstance(n, TwinCell)), job.task.cameras)
        LocalHost([*nodes, onlooker]).run()
    return onlooker.frames


def strip(frames: list[np.ndarray]) -> np.ndarray:
    """Frames from the first to the last, evenly apart [SIZE, W, 3]."""
    chosen = np.linspace(0, len(frames) - 1, COLUMNS).round().astype(int)
    return np.concatenate([_framed(frames[i]) for i in chosen], axis=1)


def _framed(pixels: np.ndarray) -> np.ndarray:
    sized = np.asarray(Image.fromarray(pixels).resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    return np.pad(sized, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def main(task: str, seed: int) -> None:
    """Write the picture beside this file."""
    frames = demonstration(SessionConfig(task=task, host="local", demos=1, seed=seed))
    lines = [strip(frames[name]) for name in (ROOM, *TASKS.load(task).cameras)]
    Image.fromarray(np.concatenate(lines, axis=0)).save(Path(__file__).parent / f"{task}_task.png")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
