"""Cameras of the twin: small, shadowless frames for the policy and a prettier view for people."""

from __future__ import annotations

import os

import mujoco
import numpy as np

from robot.core.errors import RenderingUnavailable

_HELP = (
    "the twin cannot draw its cameras: {error}. Got MUJOCO_GL={backend!r}; wanted a working EGL. "
    "Next: `sudo apt-get install libegl1 libgl1 libgles2 libegl-mesa0`, or run the task's `_state` variant"
)


class Renderer:
    """Draws one camera at a time into an RGB array."""

    def __init__(self, model: mujoco.MjModel, size: tuple[int, int], pretty: bool = False) -> None:
        try:
            self._renderer = mujoco.Renderer(model, *size)
        except Exception as error:  # PyOpenGL raises a different class for every missing library
            backend = os.environ.get("MUJOCO_GL", "")
            raise RenderingUnavailable(
                _HELP.format(error=error or type(error).__name__, backend=backend)
            ) from error
        if not pretty:
            for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                self._renderer.scene.flags[flag] = False

    def draw(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Pixels [H, W, 3] uint8 of the named camera."""
        self._renderer.update_scene(data, camera=camera)
        return self._renderer.render().copy()

    def close(self) -> None:
        """Give the GL context back."""
        self._renderer.close()
