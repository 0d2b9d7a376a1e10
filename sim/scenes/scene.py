"""What every scene offers the twin, and the cell they share."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import mujoco
import numpy as np

from robot.core.se3 import Matrix, rot_z, transform

ARM_MODEL = Path(__file__).parent.parent / "assets" / "fr3.xml"
HOME_Q = np.array([0.0, 0.25, 0.0, -2.2, 0.0, 2.45, 0.785])
TOOL_DOWN = np.diag([1.0, -1.0, -1.0])  # tool z toward the floor, tool x forward


class Scene(Protocol):
    """One task's bodies. Poses are `T_base_x`; the base frame is the world."""

    @property
    def opening_m(self) -> float:
        """From the middle to each finger at a reset: wide open, or around what is fixed in the hand."""
        ...

    def build(self, spec: mujoco.MjSpec) -> None:
        """Add bodies to the arm's model."""
        ...

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Place the objects and return the `T_base_tcp` the tool starts from."""
        ...

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """PRIVILEGED: the named frames the simulated operator steers by; `tool` is the one it moves."""
        ...

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """Whether the task is done."""
        ...


def new_cell() -> mujoco.MjSpec:
    """The arm on its table, with light for people and for cameras."""
    spec = mujoco.MjSpec.from_file(str(ARM_MODEL))
    spec.option.timestep = 0.001
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.visual.quality.offsamples = 0
    spec.visual.headlight.ambient = [0.45, 0.45, 0.45]
    spec.visual.headlight.diffuse = [0.45, 0.45, 0.45]
    world = spec.worldbody
    world.add_light(pos=[0.4, -0.5, 1.5], dir=[0.1, 0.4, -1], diffuse=[0.4, 0.4, 0.4])
    world.add_geom(
        name="table",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=[0.45, 0, -0.02],
        size=[0.45, 0.5, 0.02],
        rgba=[0.55, 0.5, 0.44, 1],
        contype=1,
        conaffinity=1,
    )
    world.add_camera(name="front", pos=[0.86, 0.0, 0.24], xyaxes=[0, 1, 0, -0.5, 0, 0.866], fovy=42)
    world.add_camera(name="room", pos=[1.25, -0.85, 0.75], xyaxes=[0.56, 0.83, 0, -0.33, 0.22, 0.92], fovy=42)
    return spec


def table_pose(x: float, y: float, yaw: float, z: float = 0.0) -> Matrix:
    """A pose on the table, z up."""
    return transform(rot_z(yaw), [x, y, z])


def site_pose(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Matrix:
    """`T_base_site`."""
    site = data.site(name)
    return transform(site.xmat.reshape(3, 3), site.xpos)
