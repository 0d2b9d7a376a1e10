"""Draws docs/keypoint_overlay.png, what a model is shown of a cube: python docs/keypoint_overlay.py.

On the left the top view with marks and tiles, on the right the side view with height lines.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.masks import ColourSegmenter
from policies.rewards.keypoints.question import Question, View, prepare_question
from policies.tasks import TASKS
from sim.grounding.labelled_twin import LabelledTwin
from sim.grounding.view import LabelledScene, LabelledView

SIZE, SEED, GAP_PX = 448, 4, 12
HEIGHTS_M = (0.0, 0.02, 0.05, 0.1, 0.15)


def question(scene: LabelledScene) -> Question:
    """The question about lifting the cube; its mask is the one that is to be grasped."""
    top, side = (_view(name, scene.views[name]) for name in ("wrist", "front"))
    cube = next(t for t in scene.views["wrist"].things if t.thing.name == "cube")
    segmenter = ColourSegmenter()
    on_cube = [bool(m.contains(cube.pixel)[0]) for m in segmenter.propose(top.frame)]
    heights = HeightLines.at(HEIGHTS_M)
    return prepare_question(
        "lift the cube", top, side, heights, segmenter, grasped=on_cube.index(True), near_m=cube.point_m
    )


def main() -> None:
    """Write the picture beside this file."""
    twin = LabelledTwin(TASKS.load("lift"), SIZE, "off", ("wrist", "front"))
    asked = question(twin.scene(SEED))
    twin.close()
    left, right = asked.top_picture.pixels, asked.side_picture.pixels
    gap = np.full((left.shape[0], GAP_PX, 3), 255, np.uint8)
    picture = np.concatenate([left, gap, right], axis=1)
    Image.fromarray(picture).save(Path(__file__).parent / "keypoint_overlay.png", optimize=True)


def _view(name: str, view: LabelledView) -> View:
    return View(name, PinholeCamera.from_info(view.info, view.T_base_cam), view.frame, view.depth_m)


if __name__ == "__main__":
    main()
