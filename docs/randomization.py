"""Draws docs/randomization.png: python docs/randomization.py."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from policies.tasks import TASKS
from robot.cell_config import Randomize, TwinConfig
from robot.task import Task
from sim.rendering import Renderer
from sim.twin import make_twin

TASK = "peg_insert"
SEEDS = range(4)  # the same starts in every row
CELLS: tuple[Randomize, ...] = ("off", "train", "held_out")


def main() -> None:
    """Write the picture."""
    task = TASKS.load(TASK)
    figure, axes = plt.subplots(len(CELLS) * len(task.cameras), len(SEEDS), figsize=(5.4, 8.2), dpi=100)
    rows: list[tuple[Randomize, str]] = [(cell, camera) for cell in CELLS for camera in task.cameras]
    for row, (cell, camera) in enumerate(rows):
        for place, pixels in zip(axes[row], frames(task, cell, camera), strict=True):
            place.imshow(pixels)
            place.set(xticks=[], yticks=[])
        axes[row][0].set_ylabel(f"{cell.replace('_', '-')}\n{camera}", fontsize=10)
    for place, seed in zip(axes[0], SEEDS, strict=True):
        place.set_title(f"start {seed}", fontsize=10)
    figure.tight_layout(pad=0.4)
    figure.savefig(Path(__file__).parent / "randomization.png")


def frames(task: Task, cell: Randomize, camera: str) -> list[np.ndarray]:
    """What the policy sees first in each episode."""
    twin = make_twin(task, TwinConfig(randomize=cell))
    renderer = Renderer(twin.model, (task.image_size, task.image_size))
    drawn = []
    for seed in SEEDS:
        twin.reset(seed)
        drawn.append(twin.noisy_image(renderer.draw(twin.data, camera)))
    renderer.close()
    return drawn


if __name__ == "__main__":
    main()
