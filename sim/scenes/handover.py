"""A bar that lies before the left arm, to be handed over to the right one in the middle."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from robot.core.se3 import Matrix, quat_xyzw, transform
from sim.grasp import holds
from sim.mounts import RING_M
from sim.scenes.scene import TOOL_DOWN, site_pose, table_pose

_START_X_M = 0.45  # of either tool, in its own base frame
_COLOURS = ((0.85, 0.45, 0.1, 1), (0.75, 0.72, 0.65, 1), (0.1, 0.45, 0.75, 1))  # left end, middle, right


@dataclass
class HandoverScene:
    """Sizes in metres. Two arms, `left` and `right`, face each other over a bar of `2 * half_m`."""

    opening_m: float = 0.04
    half_m: tuple[float, float, float] = (0.15, 0.01, 0.012)
    grip_m: float = 0.12  # from the bar's middle to where either hand takes it
    lies_m: tuple[float, float] = (0.57, 0.0)  # the bar's middle, world x and y: the left arm reaches its end
    range_m: float = 0.03
    range_rad: float = float(np.deg2rad(15.0))
    meet_height_m: float = 0.16
    start_height_m: float = 0.14
    away_m: float = 0.06  # at 12 mm a step the right hand has held the bar alone for five steps by then
    still_mps: float = 0.05

    def build(self, spec: mujoco.MjSpec) -> None:
        """The bar, free to move, with an end of another colour for each hand."""
        spec.option.impratio = 20  # with MuJoCo's own 1 a bar held at its end slowly turns in the grip
        bar = spec.worldbody.add_body(name="bar", pos=[*self.lies_m, self.half_m[2]])
        bar.add_freejoint(name="bar")
        bar.add_site(name="bar", size=[0.001] * 3)
        third = self.half_m[0] / 3
        for index, rgba in enumerate(_COLOURS):
            bar.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                pos=[2 * third * (index - 1), 0, 0],
                size=[third, *self.half_m[1:]],
                mass=0.02,
                rgba=rgba,
                friction=[1.5, 0.05, 0.001],
                solref=[0.005, 1],
                condim=4,
                contype=1,
                conaffinity=1,
            )

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Bar anywhere in its range; both tools high over their sides of the table."""
        x, y = np.add(self.lies_m, rng.uniform(-self.range_m, self.range_m, 2))
        T = table_pose(x, y, rng.uniform(-self.range_rad, self.range_rad), self.half_m[2])
        joint = data.joint("bar")
        joint.qpos[:3], joint.qpos[3:] = T[:3, 3], np.roll(quat_xyzw(T[:3, :3]), 1)
        return np.stack([self._start(rng) for _ in range(2)])

    def _start(self, rng: np.random.Generator) -> Matrix:
        back, side, up = rng.uniform(-0.01, 0.01, 3)
        return transform(TOOL_DOWN, [_START_X_M + back, side, self.start_height_m + up])

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """`bar` now (x from the left end to the right one), `meet` where it is handed over, both tools."""
        tools = {f"{arm}/tool": site_pose(model, data, f"{arm}_tcp") for arm in ("left", "right")}
        meet = table_pose(RING_M, 0, 0, self.meet_height_m)
        return {"bar": site_pose(model, data, "bar"), "meet": meet, **tools}

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """The right hand alone holds the bar, high and still, and the left one is open and has drawn back."""
        bar = data.site("bar")
        left_end = bar.xpos - self.grip_m * bar.xmat.reshape(3, 3)[:, 0]
        away = np.linalg.norm(data.site("left_tcp").xpos - left_end) > self.away_m
        opened = data.joint("left_finger_left").qpos[0] > 0.8 * self.opening_m
        still = np.linalg.norm(data.joint("bar").qvel[:3]) < self.still_mps
        high = bar.xpos[2] > self.meet_height_m / 2
        return bool(away and opened and still and high and holds(model, data, "right_"))
