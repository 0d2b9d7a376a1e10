"""Starts of a task in the twin, drawn by its cameras with exact labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot.cell_config import Randomize, TwinConfig
from robot.core.se3 import Matrix, inverse, transform
from robot.core.types import CameraInfo
from robot.task import Task
from sim.camera import camera_info, camera_pose
from sim.grounding.drawing import LabelDrawing
from sim.grounding.things import Thing, things_of
from sim.grounding.view import LabelledScene, LabelledThing, LabelledView
from sim.twin import make_twin

CAMERAS = ("wrist", "front", "room")  # that every scene of one arm has


class LabelledTwin:
    """One task's cell; each seed is another start in another cell, drawn from ``randomize``'s ranges.

    Raises:
        UnknownName: a task whose scene has no labels.
    """

    def __init__(self, task: Task, size: int, randomize: Randomize, cameras: Sequence[str] = CAMERAS) -> None:
        self._task, self._size, self._cameras = task, size, tuple(cameras)
        self._things = things_of(task.scene)
        self._twin = make_twin(task, TwinConfig(randomize=randomize))
        self._geoms = {t.name: self._indices(t) for t in self._things}
        self._drawing = LabelDrawing(self._twin.model, size)

    def scene(self, seed: int) -> LabelledScene:
        """The start of this seed as all cameras see it, with the sensor noise of its cell."""
        self._twin.reset(seed)
        return LabelledScene(self._task.name, seed, {c: self._view(c) for c in self._cameras})

    def close(self) -> None:
        """Give the GL context back."""
        self._drawing.close()

    def _view(self, camera: str) -> LabelledView:
        data = self._twin.data
        info = camera_info(self._twin.model, camera, self._size, self._twin.stamp_ns)
        T = camera_pose(data, camera)
        shown = self._drawing.geoms(data, camera)
        things = tuple(self._label(t, shown, info, T) for t in self._things)
        frame = self._twin.noisy_image(self._drawing.frame(data, camera))
        background = np.isin(shown, [-1, self._twin.model.geom("table").id])
        depth_m = np.where(shown < 0, 0.0, self._drawing.depth_m(data, camera))
        return LabelledView(info, T, frame, depth_m, background, things)

    def _label(self, thing: Thing, shown: np.ndarray, info: CameraInfo, T_base_cam: Matrix) -> LabelledThing:
        mask = np.isin(shown, self._geoms[thing.name])
        point_m = (self._frame(thing.frame) @ [*thing.offset_m, 1.0])[:3]
        pixel = _project(point_m, info, T_base_cam)
        return LabelledThing(thing, mask, point_m, pixel, _shows(mask, pixel))

    def _frame(self, name: str) -> Matrix:
        """`T_base_x` of a site, or of a body where no site has that name."""
        model, data = self._twin.model, self._twin.data
        is_site = any(model.site(i).name == name for i in range(model.nsite))
        part = data.site(name) if is_site else data.body(name)
        return transform(part.xmat.reshape(3, 3), part.xpos)

    def _indices(self, thing: Thing) -> np.ndarray:
        model = self._twin.model
        bodies = [model.body(name).id for name in thing.bodies]
        named = [model.geom(name).id for name in thing.geoms]
        return np.union1d(np.flatnonzero(np.isin(model.geom_bodyid, bodies)), named)


def _project(point_m: np.ndarray, info: CameraInfo, T_base_cam: Matrix) -> np.ndarray:
    """Pixel [2]; the twin's lenses have no distortion."""
    x, y, z = (inverse(T_base_cam) @ [*point_m, 1.0])[:3]
    return (info.K @ [x / z, y / z, 1.0])[:2] if z > 0 else np.full(2, np.nan)


def _shows(mask: np.ndarray, pixel: np.ndarray) -> bool:
    if not np.isfinite(pixel).all():
        return False
    column, row = np.rint(pixel).astype(int)
    height, width = mask.shape
    return bool(0 <= row < height and 0 <= column < width and mask[row, column])
