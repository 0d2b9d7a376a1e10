"""Frames, depth and segmentation of one camera, without anything that would give a label away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mujoco
import numpy as np

from sim.rendering import Renderer

_HIDDEN_GROUP = 5  # MuJoCo draws geoms of groups 0 to 2


class LabelDrawing:
    """Draws for labels: the markers of sites are left out, for they stand exactly on the right answers."""

    def __init__(self, model: mujoco.MjModel, size: int) -> None:
        self._model = model
        self._renderer = Renderer(model, (size, size), hide_sites=True)

    def frame(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Pixels uint8 RGB [H, W, 3]."""
        return self._renderer.draw(data, camera)

    def depth_m(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Depth [H, W] along the optical axis, m; what glass covers is behind the glass."""
        with self._without_glass():
            return self._renderer.depth_m(data, camera)

    def geoms(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Index [H, W] of the geom that each pixel shows, -1 for the sky; glass shows what is behind it."""
        with self._without_glass():
            return self._renderer.geoms(data, camera)

    def close(self) -> None:
        """Give the GL context back."""
        self._renderer.close()

    @contextmanager
    def _without_glass(self) -> Iterator[None]:
        groups = self._model.geom_group.copy()
        self._model.geom_group[self._model.geom_rgba[:, 3] < 1.0] = _HIDDEN_GROUP
        try:
            yield
        finally:
            self._model.geom_group[:] = groups
