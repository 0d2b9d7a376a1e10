"""Draws docs/TASK_task.png, a demonstration as its cameras saw it: python docs/task_strip.py RUN.

RUN is the folder of `nudge demo --task TASK`; the shortest success is shown, a camera a row.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.tasks import TASKS

COLUMNS, GAP = 10, 2  # frames, pixels of white between them


def strip(episode: Episode, cameras: tuple[str, ...]) -> np.ndarray:
    """Frames from the first to the last, evenly apart [H, W, 3]."""
    chosen = np.linspace(0, len(episode), COLUMNS).round().astype(int)
    rows = [np.concatenate([_framed(episode.images[c][t]) for t in chosen], axis=1) for c in cameras]
    return np.concatenate(rows, axis=0)


def _framed(pixels: np.ndarray) -> np.ndarray:
    return np.pad(pixels, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def main(run: Path) -> None:
    """Write the picture beside this file."""
    episodes = [e for e in EpisodeStore(run / "episodes").read_all("demo") if e.success]
    if not episodes:
        sys.exit(f"{run}: no successful demonstration in it; record some with `nudge demo`")
    best = min(episodes, key=len)
    task = TASKS.load(best.header.task)
    Image.fromarray(strip(best, task.cameras)).save(Path(__file__).parent / f"{task.name}_task.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
