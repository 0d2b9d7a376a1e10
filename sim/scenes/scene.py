"""What every scene offers the twin, and the cell they share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from robot.core.se3 import Matrix, quat_xyzw, rot_z, transform
from sim.mounts import RING_M, Mount

ARM_MODEL = Path(__file__).parent.parent / "assets" / "fr3.xml"
HOME_Q = np.array([0.0, 0.25, 0.0, -2.2, 0.0, 2.45, 0.785])
ARM_GROUP = 2  # of the geoms that are the arms' own; others have a lower one, and MuJoCo draws 0 to 2
TOOL_DOWN = np.diag([1.0, -1.0, -1.0])  # tool z toward the floor, tool x forward


class Scene(Protocol):
    """One task's bodies. The world is the first arm's base frame; `sim.mounts` says where others stand."""

    @property
    def opening_m(self) -> float:
        """From the middle to each finger at a reset: wide open, or around what is fixed in the hand."""
        ...

    def build(self, spec: mujoco.MjSpec) -> None:
        """Add bodies to the arms' model; with more arms than one the names of their parts have prefixes."""
        ...

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Place the objects and return the `T_base_tcp` [4, 4] the tool starts from.

        With N arms it is [N, 4, 4], each in its own arm's base frame.
        """
        ...

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """PRIVILEGED: the named frames `T_world_x` that the simulated operator steers by.

        `Task.tool_frame` names those that it moves: `tool`, or `left/tool` where there are several arms.
        """
        ...

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """Whether the task is done."""
        ...


def new_cell(mounts: Sequence[Mount]) -> mujoco.MjSpec:
    """The arms on their table, with light for people and for cameras."""
    alone = len(mounts) == 1
    spec = mujoco.MjSpec.from_file(str(ARM_MODEL)) if alone else _arms(mounts)
    for geom in spec.geoms:
        geom.group = ARM_GROUP
    spec.option.timestep = 0.001
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.visual.quality.offsamples = 0
    spec.visual.headlight.ambient = [0.45, 0.45, 0.45]
    spec.visual.headlight.diffuse = [0.45, 0.45, 0.45]
    spec.worldbody.add_light(pos=[0.4, -0.5, 1.5], dir=[0.1, 0.4, -1], diffuse=[0.4, 0.4, 0.4])
    if alone:
        _add_table(spec, [0.45, 0, -0.02], [0.45, 0.5, 0.02])
        _add_camera(spec, "front", [0.86, 0.0, 0.24], [0, 1, 0, -0.5, 0, 0.866])
        _add_camera(spec, "room", [1.25, -0.85, 0.75], [0.56, 0.83, 0, -0.33, 0.22, 0.92])
    else:  # seen from the side: the first arm is on the left
        _add_table(spec, [RING_M, 0, -0.02], [RING_M + 0.15, 0.5, 0.02])
        _add_camera(spec, "front", [RING_M, -0.55, 0.42], [1, 0, 0, 0, 0.5, 0.866])
        _add_camera(spec, "room", [RING_M, -1.45, 0.95], [1, 0, 0, 0, 0.42, 0.908])
    return spec


def _arms(mounts: Sequence[Mount]) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    for mount in mounts:
        T = mount.T_world_base
        frame = spec.worldbody.add_frame(pos=T[:3, 3], quat=np.roll(quat_xyzw(T[:3, :3]), 1))
        spec.attach(mujoco.MjSpec.from_file(str(ARM_MODEL)), prefix=mount.prefix, frame=frame)
    return spec


def _add_table(spec: mujoco.MjSpec, pos: ArrayLike, size: ArrayLike) -> None:
    box, rgba = mujoco.mjtGeom.mjGEOM_BOX, [0.55, 0.5, 0.44, 1]
    table = spec.worldbody.add_geom(name="table", type=box, pos=pos, size=size, rgba=rgba)
    table.contype, table.conaffinity = 1, 1


def _add_camera(spec: mujoco.MjSpec, name: str, pos: ArrayLike, xyaxes: ArrayLike) -> None:
    spec.worldbody.add_camera(name=name, pos=pos, xyaxes=xyaxes, fovy=42)


def table_pose(x: float, y: float, yaw: float, z: float = 0.0) -> Matrix:
    """A pose on the table, z up."""
    return transform(rot_z(yaw), [x, y, z])


def site_pose(model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Matrix:
    """`T_world_site`."""
    site = data.site(name)
    return transform(site.xmat.reshape(3, 3), site.xpos)
