"""Cameras of the twin: small, shadowless frames for the policy and a prettier view for people."""

from __future__ import annotations

import mujoco
import numpy as np

from sim.gl import cannot_draw


class Renderer:
    """Draws one camera at a time into an RGB array."""

    def __init__(
        self, model: mujoco.MjModel, size: tuple[int, int], pretty: bool = False, hide_sites: bool = False
    ) -> None:
        # The buffer is cleared for every frame: with MuJoCo's own size that is 6 % of a small frame's time.
        model.vis.global_.offheight, model.vis.global_.offwidth = size
        try:
            self._renderer = mujoco.Renderer(model, *size)
        except Exception as error:
            raise cannot_draw(error) from error
        self._options = mujoco.MjvOption()
        if hide_sites:
            self._options.sitegroup[:] = 0
        if not pretty:
            for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
                self._renderer.scene.flags[flag] = False

    def draw(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Pixels [H, W, 3] uint8 of the named camera."""
        self._renderer.update_scene(data, camera, self._options)
        return self._renderer.render().copy()

    def depth_m(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Depth [H, W] along the optical axis, m; of the far clipping plane where there is nothing."""
        self._renderer.enable_depth_rendering()
        try:
            return self.draw(data, camera)
        finally:
            self._renderer.disable_depth_rendering()

    def geoms(self, data: mujoco.MjData, camera: str) -> np.ndarray:
        """Index [H, W] of the geom that each pixel shows; -1 where there is none."""
        self._renderer.enable_segmentation_rendering()
        try:
            ids, kinds = np.moveaxis(self.draw(data, camera), -1, 0)
        finally:
            self._renderer.disable_segmentation_rendering()
        return np.where(kinds == mujoco.mjtObj.mjOBJ_GEOM, ids, -1)

    def close(self) -> None:
        """Give the GL context back."""
        self._renderer.close()
