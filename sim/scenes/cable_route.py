"""A cable, fixed at one end and held at the other, and a clip for it that stands elsewhere at every reset."""

from __future__ import annotations

from dataclasses import dataclass, field

import mujoco
import numpy as np

from robot.core.se3 import Matrix, inverse, quat_xyzw, rot_z, transform
from sim.scenes.cable import Cable
from sim.scenes.clip import Clip
from sim.scenes.scene import TOOL_DOWN, site_pose, table_pose

_T_BASE_ROOT = transform(rot_z(np.pi), [0.63, 0.0, 0.03])  # the cable leaves its post toward the arm


@dataclass(frozen=True)
class CableRouteScene:
    """Sizes in metres; ``clip_turn_rad`` is from facing the post, so that the slot always can be reached."""

    cable: Cable = field(default_factory=Cable)
    clip: Clip = field(default_factory=Clip)
    opening_m: float = 0.004  # the cable is held
    past_m: float = 0.05  # how far behind the clip the tool has to be
    clip_m: tuple[float, float] = (0.495, 0.0)
    clip_range_m: tuple[float, float] = (0.01, 0.02)
    clip_turn_rad: float = float(np.deg2rad(10.0))
    start_m: tuple[float, float, float] = (0.46, 0.0, 0.08)
    start_range_m: tuple[float, float, float] = (0.01, 0.03, 0.005)
    start_turn_rad: float = float(np.deg2rad(10.0))

    def build(self, spec: mujoco.MjSpec) -> None:
        """Post and cable, its end welded into the hand; clip as a body that a reset can move."""
        post = spec.worldbody.add_body(
            name="post", pos=_T_BASE_ROOT[:3, 3], quat=np.roll(quat_xyzw(_T_BASE_ROOT[:3, :3]), 1)
        )
        half = _T_BASE_ROOT[2, 3] / 2 + self.cable.radius_m
        post.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[-0.01, 0, half - _T_BASE_ROOT[2, 3]],
            size=[0.01, 0.01, half],
            rgba=[0.3, 0.3, 0.33, 1],
            contype=1,
            conaffinity=1,
        )
        self._hold(spec, self.cable.build(post))
        clip = spec.worldbody.add_body(name="clip", mocap=True)
        self.clip.build(clip)
        for geom in (spec.geom("table"), *clip.geoms):
            self.cable.touches(geom)

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Clip anywhere in its range, turned; tool behind it, high, to a side, with the cable on an arc."""
        x, y = np.array(self.clip_m) + rng.uniform(-1, 1, 2) * self.clip_range_m
        turn = rng.uniform(-self.clip_turn_rad, self.clip_turn_rad)
        T = table_pose(x, y, _heading(x, y) + turn)
        data.mocap_pos[0], data.mocap_quat[0] = T[:3, 3], np.roll(quat_xyzw(T[:3, :3]), 1)
        tool = np.array(self.start_m) + rng.uniform(-1, 1, 3) * self.start_range_m
        self.cable.lay(data, _T_BASE_ROOT, tool)
        return transform(TOOL_DOWN @ rot_z(rng.uniform(-self.start_turn_rad, self.start_turn_rad)), tool)

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """`clip` on the slot's floor, `cable_*` the cable's points nearest to the slot's middle and ends.

        With the cable straight the tool is at `over` when it lies over the slot, at `past` when along it.
        """
        clip = site_pose(model, data, "clip")
        x, y, z = clip[:3, 3]
        free = self.cable.length_m - float(np.hypot(*(_T_BASE_ROOT[:2, 3] - clip[:2, 3])))
        drawn = transform(np.eye(3), [-free, 0.0, 0.0])
        return {
            "clip": clip,
            "over": table_pose(x, y, _heading(x, y), z) @ drawn,
            "past": clip @ drawn,
            "tool": site_pose(model, data, "tcp"),
            **{f"cable_{name}": self._cable_at(data, clip, s) for name, s in _ENDS.items()},
        }

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """The cable lies below the lips all along the slot, and the tool is past it."""
        poses = self.poses(model, data)
        T_clip_base = inverse(poses["clip"])
        past = (T_clip_base @ poses["tool"])[0, 3] < -self.past_m
        return bool(past and all(self._inside(T_clip_base @ poses[f"cable_{name}"]) for name in _ENDS))

    def _inside(self, T_clip_point: Matrix) -> bool:
        _, y, z = T_clip_point[:3, 3]
        below = self.clip.lip_height_m - self.cable.radius_m
        return abs(y) < self.clip.bore_m / 2 and 0.0 < z < below

    def _cable_at(self, data: mujoco.MjData, clip: Matrix, share: float) -> Matrix:
        point = [share * self.clip.length_m / 2, 0.0, self.cable.radius_m, 1.0]
        return self.cable.nearest(data, (clip @ point)[:3])

    def _hold(self, spec: mujoco.MjSpec, end: mujoco.MjsBody) -> None:
        # The tool's frame as the cable's end has it: z down, x back along the cable.
        tip = [self.cable.link_m, 0, 0]
        end.add_site(name="cable_end", pos=tip, quat=[0, 0, 1, 0], size=[0.001] * 3)
        spec.add_equality(
            type=mujoco.mjtEq.mjEQ_WELD,
            objtype=mujoco.mjtObj.mjOBJ_SITE,
            name1="tcp",
            name2="cable_end",
            solref=[0.005, 1],
        )


_ENDS = {"near": -1.0, "middle": 0.0, "far": 1.0}  # along the slot, seen from the tool


def _heading(x: float, y: float) -> float:
    """The direction on the table, rad, from a point to the post."""
    return float(np.arctan2(_T_BASE_ROOT[1, 3] - y, _T_BASE_ROOT[0, 3] - x))
