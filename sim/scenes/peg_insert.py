"""A square peg fixed in the hand, and a socket whose place and turn change with every reset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from robot.core.se3 import Matrix, inverse, log_so3, quat_xyzw, rot_z, transform
from sim.scenes.scene import TOOL_DOWN, site_pose, table_pose


@dataclass(frozen=True)
class PegInsertScene:
    """Sizes in metres; ``clearance_m`` is socket width minus peg width."""

    clearance_m: float = 0.001
    chamfer_m: float = 0.002
    peg_width_m: float = 0.02
    opening_m: float = 0.01  # the peg is fixed in the hand
    depth_m: float = 0.03
    success_depth_m: float = 0.025
    socket_range_m: float = 0.02
    socket_range_rad: float = float(np.deg2rad(10.0))
    start_height_m: float = 0.055  # tip above the socket's mouth
    start_range_m: float = 0.02
    start_range_rad: float = float(np.deg2rad(10.0))

    def build(self, spec: mujoco.MjSpec) -> None:
        """Peg on the hand, socket as a body that a reset can move."""
        self._add_peg(spec.body("hand"))
        socket = spec.worldbody.add_body(name="socket", mocap=True)
        socket.add_site(name="socket", pos=[0, 0, self.depth_m], size=[0.001] * 3)
        inner = (self.peg_width_m + self.clearance_m) / 2
        for side in range(4):
            self._add_wall(socket, side, inner)
        _box(socket, [0, 0, 0.001], [inner, inner, 0.001], [0.05, 0.05, 0.06, 1])

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Socket anywhere in its range; tool above it, displaced and turned on its own."""
        dx, dy = rng.uniform(-self.socket_range_m, self.socket_range_m, 2)
        yaw = rng.uniform(-self.socket_range_rad, self.socket_range_rad)
        T = table_pose(0.5 + dx, dy, yaw)
        data.mocap_pos[0] = T[:3, 3]
        data.mocap_quat[0] = np.roll(quat_xyzw(T[:3, :3]), 1)
        x, y, z = rng.uniform(-self.start_range_m, self.start_range_m, 3)
        turn = rng.uniform(-self.start_range_rad, self.start_range_rad)
        height = self.depth_m + self.start_height_m + z / 2 + self._tip_m
        return transform(TOOL_DOWN @ rot_z(turn), [0.5 + x, y, height])

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """`socket` at the mouth, `tool` at the peg's tip."""
        return {"socket": site_pose(model, data, "socket"), "tool": site_pose(model, data, "peg_tip")}

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """The tip is deep enough inside the mouth, and upright."""
        poses = self.poses(model, data)
        T_socket_tip = inverse(poses["socket"]) @ poses["tool"]
        tilt = log_so3(T_socket_tip[:3, :3].T @ TOOL_DOWN)[:2]
        inside = np.abs(T_socket_tip[:2, 3]).max() < self.peg_width_m / 2
        return bool(T_socket_tip[2, 3] < -self.success_depth_m and inside and np.abs(tilt).max() < 0.2)

    @property
    def _tip_m(self) -> float:
        return 0.04  # from the finger tips to the peg's tip

    def _add_peg(self, hand: mujoco.MjsBody) -> None:
        half, tip = self.peg_width_m / 2, 0.1034 + self._tip_m
        _box(hand, [0, 0, tip - 0.035], [half, half, 0.035], [0.85, 0.55, 0.15, 1], mass=0.1, name="peg")
        hand.add_site(name="peg_tip", pos=[0, 0, tip], size=[0.001] * 3)

    def _add_wall(self, socket: mujoco.MjsBody, side: int, inner: float) -> None:
        # One side: a wall, and a lead-in face at 45 degrees that takes the wall's inner upper edge away.
        thick, lead = 0.02, self.chamfer_m
        height = self.depth_m - lead
        R = rot_z(side * np.pi / 2)
        reach = inner + thick if side % 2 else inner  # two sides stand between the other two
        rgba = [0.2, 0.35, 0.75, 1] if side % 2 else [0.25, 0.6, 0.8, 1]
        wall = R @ [inner + thick / 2, 0, height / 2]
        _box(socket, wall, [thick / 2, reach, height / 2], rgba, R)
        rim = R @ [inner + lead + (thick - lead) / 2, 0, self.depth_m - lead / 2]
        _box(socket, rim, [(thick - lead) / 2, reach, lead / 2], rgba, R)
        # A cube whose upper face runs from (inner, height) to (inner + lead, depth).
        half = lead / np.sqrt(2)
        face = R @ [inner + lead, 0, height]
        _box(socket, face, [half, inner + lead, half], [0.9, 0.9, 0.92, 1], R @ rot_y(np.pi / 4))


PEG_INSERT_0_5MM = partial(PegInsertScene, clearance_m=0.0005)
PEG_INSERT_0_2MM = partial(PegInsertScene, clearance_m=0.0002)


def rot_y(angle: float) -> Matrix:
    """Rotation [3, 3] about y."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _box(
    body: mujoco.MjsBody,
    pos: ArrayLike,
    size: ArrayLike,
    rgba: ArrayLike,
    rotation: ArrayLike | None = None,
    **kwargs: Any,
) -> None:
    quat = np.roll(quat_xyzw(np.eye(3) if rotation is None else rotation), 1)
    surface = {"friction": [0.2, 0.005, 0.0001], "solref": [0.004, 1], "contype": 1, "conaffinity": 1}
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX,
        pos=pos,
        size=size,
        quat=quat,
        rgba=rgba,
        condim=3,
        **surface,
        **kwargs,
    )
