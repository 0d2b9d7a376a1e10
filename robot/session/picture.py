"""`nudge twin`: the cell as people see it, beside what the policy's cameras see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from policies.tasks import TASKS
from robot.core.errors import NudgeError
from robot.core.registry import load

_SIZE = 384  # pixels of a side


def draw_cell(task_name: str, seed: int, path: Path) -> None:
    """Write one picture of the cell after the reset of ``seed``; NudgeError if it cannot be written."""
    task = TASKS.load(task_name)
    twin = load("sim.twin:make_twin")(task)
    twin.reset(seed)
    renderer = load("sim.rendering:Renderer")
    room = renderer(twin.model, (_SIZE, _SIZE), pretty=True)
    tiles = [room.draw(twin.data, "room")]
    room.close()
    eyes = renderer(twin.model, (task.image_size, task.image_size))
    tiles += [_enlarged(eyes.draw(twin.data, camera)) for camera in task.cameras]
    eyes.close()
    try:
        Image.fromarray(np.concatenate(tiles, axis=1)).save(path)
    except (OSError, ValueError) as error:  # Pillow's for a suffix it does not know
        raise NudgeError(f"{path} cannot be written: {error}; want a name such as cell.png") from error


def _enlarged(pixels: np.ndarray) -> np.ndarray:
    # Nearest neighbour: the policy's pixels are to be seen as they are.
    return np.asarray(Image.fromarray(pixels).resize((_SIZE, _SIZE), Image.Resampling.NEAREST))
