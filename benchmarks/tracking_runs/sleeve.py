"""Something that passes between a camera and the object: a forearm, drawn but touching nothing."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import quat_xyzw
from sim.scenes.lift import LiftScene

GREY, RED = (0.75, 0.75, 0.78, 1.0), (0.8, 0.2, 0.2, 1.0)  # a sleeve, and one of the cube's own colour
_RADIUS_M, _HALF_M = 0.05, 0.3
_WAY = 0.45  # of the way from the object to the camera
_AWAY_M = 5.0  # above the cell, where no camera looks


@dataclass
class SleevedLift(LiftScene):
    """The lift scene with one forearm for every camera named."""

    cameras: tuple[str, ...] = ()
    rgba: tuple[float, float, float, float] = GREY

    def build(self, spec: mujoco.MjSpec) -> None:
        """The cube and the forearms, far away."""
        super().build(spec)
        for i, camera in enumerate(self.cameras):
            body = spec.worldbody.add_body(name=f"sleeve_{camera}", mocap=True, pos=[0, i, _AWAY_M])
            capsule, size = mujoco.mjtGeom.mjGEOM_CAPSULE, [_RADIUS_M, _HALF_M, 0]
            geom = body.add_geom(type=capsule, size=size, rgba=self.rgba)
            geom.contype = geom.conaffinity = 0


def put_away(model: mujoco.MjModel, data: mujoco.MjData, camera: str) -> None:
    """Out of every camera's sight."""
    data.mocap_pos[model.body(f"sleeve_{camera}").mocapid[0]] = [0.0, 0.0, _AWAY_M]
    mujoco.mj_forward(model, data)


def hold_before(
    model: mujoco.MjModel, data: mujoco.MjData, camera: str, point_m: NDArray[np.float64], in_share: float
) -> None:
    """Into the line of sight to ``point_m`` [3], from the camera's right; all the way in at 1."""
    origin, right = data.cam(camera).xpos, data.cam(camera).xmat.reshape(3, 3)[:, 0]
    middle = point_m + _WAY * (origin - point_m)
    tip_m = 0.1 - 0.25 * (1.0 - in_share)  # beyond the line of sight
    i = model.body(f"sleeve_{camera}").mocapid[0]
    data.mocap_pos[i] = middle + right * (_HALF_M + _RADIUS_M - tip_m)
    data.mocap_quat[i] = np.roll(quat_xyzw(_along(right)), 1)
    mujoco.mj_forward(model, data)


def _along(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """A rotation [3, 3] whose z axis is ``z``."""
    x = np.cross([0.0, 0.0, 1.0] if abs(z[2]) < 0.9 else [1.0, 0.0, 0.0], z)
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(z, x), z])
