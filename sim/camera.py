"""The twin's cameras: their pinhole model, and a driver that looks at a still cell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

import mujoco
import numpy as np

from robot.cameras.driver import Frame
from robot.core.errors import DeviceError, DeviceLost
from robot.core.se3 import Matrix, inverse, quat_xyzw, transform
from robot.core.types import CameraInfo
from robot.rig import CameraMount
from robot.task import Task
from sim.rendering import Renderer
from sim.scenes import SCENES
from sim.twin import Twin, make_twin

_FPS = 30.0


def camera_info(model: mujoco.MjModel, camera: str, size: int, stamp_ns: int) -> CameraInfo:
    """The model of square frames of ``size`` pixels; MuJoCo's cameras have no distortion."""
    fovy = np.deg2rad(model.camera(camera).fovy[0])
    focal, centre = size / 2 / np.tan(fovy / 2), (size - 1) / 2
    K = np.array([[focal, 0.0, centre], [0.0, focal, centre], [0.0, 0.0, 1.0]])
    return CameraInfo(stamp_ns, camera, size, size, K, np.zeros(5))


def camera_pose(data: mujoco.MjData, camera: str) -> Matrix:
    """`T_base_cam` [4, 4] as it is now, z forward, x right, y down; base is the world, the first arm's."""
    view = data.camera(camera)
    return transform(view.xmat.reshape(3, 3) @ np.diag([1.0, -1.0, -1.0]), view.xpos)  # MuJoCo: y up, z back


def camera_mounts(task: Task) -> dict[str, CameraMount]:
    """Where the task's cameras are before anything is randomised: what calibrating this cell would find."""
    world = make_twin(task)
    world.reset(0)
    T_world_tcp = world.arms[task.arms[0]].mount.T_world_base @ world.state(0, task.arms[0]).T_base_tcp
    names = [world.model.camera(i).name for i in range(world.model.ncam)]
    return {name: _mount(world, name, T_world_tcp) for name in names}


def _mount(world: Twin, camera: str, T_world_tcp: Matrix) -> CameraMount:
    fixed = world.model.camera(camera).bodyid[0] == 0
    T = camera_pose(world.data, camera)
    T = T if fixed else inverse(T_world_tcp) @ T
    x, y, z = (float(v) for v in T[:3, 3])
    a, b, c, w = (float(v) for v in quat_xyzw(T[:3, :3]))
    return CameraMount("base" if fixed else "tool", (x, y, z), (a, b, c, w))


@dataclass(frozen=True)
class TwinCameraConfig:
    """What stands before the camera when it is used on its own, as `nudge doctor` does."""

    scene: str = "peg_insert"
    arms: tuple[str, ...] = ("arm",)  # that the scene is made for
    size: int = 128  # pixels, square


class TwinCamera:
    """Draws a cell in which nothing moves, 30 times a second; in a session the cell's node draws its own."""

    Config: ClassVar[type[TwinCameraConfig]] = TwinCameraConfig

    def __init__(self, camera: str, config: TwinCameraConfig | None = None) -> None:
        self.camera, self._config = camera, config or TwinCameraConfig()
        self._world: Twin | None = None
        self._renderer: Renderer | None = None
        self._drawn_ns = 0

    def connect(self) -> CameraInfo:
        """Make the cell; DeviceError for a camera that it does not have."""
        self._world = Twin(SCENES.load(self._config.scene)(), arms=self._config.arms)
        self._world.reset(0)
        model, size = self._world.model, self._config.size
        known = [model.camera(i).name for i in range(model.ncam)]
        if self.camera not in known:
            raise DeviceError(
                f"camera {self.camera!r}: the twin has {', '.join(known)}; use one of these names"
            )
        self._renderer = Renderer(model, (size, size))
        return camera_info(model, self.camera, size, time.time_ns())

    def read(self) -> Frame | None:
        """A frame, if one is due."""
        if self._world is None or self._renderer is None:
            raise DeviceLost(f"camera {self.camera!r} of the twin is closed; connect it first")
        now = time.time_ns()
        if now - self._drawn_ns < 1e9 / _FPS:
            return None
        self._drawn_ns = now
        return Frame(now, self._renderer.draw(self._world.data, self.camera))

    def close(self) -> None:
        """Give the GL context back."""
        if self._renderer is not None:
            self._renderer.close()
        self._renderer = self._world = None
