"""A cube that lies somewhere on the table, to be grasped and lifted."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot.core.se3 import Matrix, quat_xyzw, rot_z, transform
from sim.scenes.scene import TOOL_DOWN, site_pose, table_pose


@dataclass
class LiftScene:
    """Sizes in metres; ``rest`` remembers where the cube lay at the reset."""

    cube_half_m: float = 0.02
    range_m: float = 0.04
    range_rad: float = float(np.deg2rad(20.0))
    success_height_m: float = 0.06
    start_height_m: float = 0.12
    opening_m: float = 0.04

    def build(self, spec: mujoco.MjSpec) -> None:
        """The cube, free to move."""
        cube = spec.worldbody.add_body(name="cube", pos=[0.5, 0, self.cube_half_m])
        cube.add_freejoint(name="cube")
        cube.add_site(name="cube", size=[0.001] * 3)
        cube.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[self.cube_half_m] * 3,
            mass=0.08,
            rgba=[0.8, 0.2, 0.2, 1],
            friction=[1.5, 0.05, 0.001],
            solref=[0.005, 1],
            condim=4,
            contype=1,
            conaffinity=1,
        )

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Cube anywhere in its range, tool above the middle of it."""
        x, y = rng.uniform(-self.range_m, self.range_m, 2)
        T = table_pose(0.5 + x, y, rng.uniform(-self.range_rad, self.range_rad), self.cube_half_m)
        joint = data.joint("cube")
        joint.qpos[:3], joint.qpos[3:] = T[:3, 3], np.roll(quat_xyzw(T[:3, :3]), 1)
        self._rest = T
        dx, dy = rng.uniform(-0.01, 0.01, 2)
        return transform(TOOL_DOWN @ rot_z(0.0), [0.5 + dx, dy, self.start_height_m])

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """`cube` now, `cube_rest` at the reset, `tool` between the finger tips."""
        cube = site_pose(model, data, "cube")
        return {"cube": cube, "cube_rest": self._rest, "tool": site_pose(model, data, "tcp")}

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """The cube is held high above where it lay."""
        return bool(data.site("cube").xpos[2] - self._rest[2, 3] > self.success_height_m)
