"""A pan fixed in the hand, its far wall rolled up and over, and a disc with two faces that lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.se3 import Matrix, exp_so3, inverse, quat_xyzw, rot_z, transform
from sim.scenes.peg_insert import rot_y
from sim.scenes.scene import TOOL_DOWN, site_pose

_FINGERTIPS_M = 0.1034  # from the hand's frame
_WALL_M = 0.002  # half of its thickness
_ARC_PIECES = 7
_SOON_S = 0.1
_TURNED = float(np.cos(np.deg2rad(150.0)))
_AT_REST_MPS = 0.05
_STEEL, _DARK, _GLASS = [0.55, 0.56, 0.6, 1], [0.16, 0.17, 0.2, 1], [0.6, 0.75, 0.85, 0.22]
_LIGHT_FACE, _RED_FACE = [0.97, 0.85, 0.4, 1], [0.7, 0.13, 0.1, 1]


@dataclass(frozen=True)
class FlipScene:
    """Sizes in metres. The `pan` frame: origin on the middle of the floor, x to the far wall, z up.

    The hand is turned so that the pan points to the robot's left: that way the first joint swings it, and
    no joint's speed limit binds below 1 m/s.
    """

    reach_m: float = 0.2  # from the finger tips to the pan's middle
    drop_m: float = 0.03  # and down to its floor
    half_floor_m: float = 0.055
    half_width_m: float = 0.06
    rear_m: float = 0.05  # height of the near wall
    roll_m: float = 0.05  # radius of the far one
    roll_rad: float = float(np.deg2rad(105.0))  # how far around it goes
    disc_m: float = 0.03  # radius
    half_disc_m: float = 0.004
    disc_kg: float = 0.04
    friction: float = 0.2
    start_m: tuple[float, float, float] = (0.5, -0.15, 0.34)
    start_range_m: float = 0.02
    start_range_rad: float = 0.03
    opening_m: float = 0.01  # the fingers hold the handle

    def build(self, spec: mujoco.MjSpec) -> None:
        """Pan on the hand, disc free; cameras where they see both."""
        hand = spec.body("hand")
        # The hand's z points to the floor; the pan's frame is upright.
        pan = hand.add_body(name="pan", pos=[self.reach_m, 0, _FINGERTIPS_M + self.drop_m], quat=[0, 1, 0, 0])
        pan.add_site(name="pan", size=[0.001] * 3)
        self._add_floor(pan)
        self._add_far_wall(pan)
        ends = [0, 0, _FINGERTIPS_M - 0.01, self.reach_m - self.half_floor_m, 0, _FINGERTIPS_M + 0.01]
        _draw(hand, mujoco.mjtGeom.mjGEOM_CAPSULE, [0.008, 0, 0], _STEEL, fromto=ends, mass=0.05)
        self._add_disc(spec)
        self._place_cameras(spec)

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """Pan near its start, a little pitched; disc anywhere on its floor, light face up."""
        dy, dz = rng.uniform(-self.start_range_m, self.start_range_m, 2)
        pitch = rng.uniform(-self.start_range_rad, self.start_range_rad)
        leftward = rot_z(np.pi / 2) @ rot_y(pitch)
        start = np.add(self.start_m, [0.0, dy, dz])
        free_x, free_y = self.half_floor_m - self.disc_m, self.half_width_m - self.disc_m
        x, y = rng.uniform([-free_x, -free_y], [free_x, free_y])
        in_pan = [self.reach_m + x, y, self.half_disc_m - self.drop_m]
        joint = data.joint("disc")
        joint.qpos[:3] = start + leftward @ in_pan
        joint.qpos[3:] = np.roll(quat_xyzw(leftward), 1)
        return transform(leftward @ TOOL_DOWN, start)

    def poses(self, model: mujoco.MjModel, data: mujoco.MjData) -> dict[str, Matrix]:
        """`disc`, `disc_soon` if it goes on for a control step as it moves now, `pan`, `tool` finger tips."""
        disc, twist = site_pose(model, data, "disc"), _twist(model, data, "disc")
        soon = transform(exp_so3(twist[3:] * _SOON_S) @ disc[:3, :3], disc[:3, 3] + twist[:3] * _SOON_S)
        pan, tool = site_pose(model, data, "pan"), site_pose(model, data, "tcp")
        return {"disc": disc, "disc_soon": soon, "pan": pan, "tool": tool}

    def success(self, model: mujoco.MjModel, data: mujoco.MjData) -> bool:
        """The disc lies on the pan's floor, turned over by more than 150 degrees, and rests there."""
        T_pan_disc = inverse(site_pose(model, data, "pan")) @ site_pose(model, data, "disc")
        x, y, z = T_pan_disc[:3, 3]
        inside = abs(x) < self.half_floor_m + self.roll_m and abs(y) < self.half_width_m
        lies = T_pan_disc[2, 2] < _TURNED and 0.0 < z < 3 * self.half_disc_m
        return bool(inside and lies and self._slip_mps(model, data) < _AT_REST_MPS)

    def _slip_mps(self, model: mujoco.MjModel, data: mujoco.MjData) -> float:
        """Of the disc's middle and rim against the pan below them."""
        pan, disc = _twist(model, data, "pan"), _twist(model, data, "disc")
        lever = data.site("disc").xpos - data.site("pan").xpos
        slip = disc[:3] - pan[:3] - np.cross(pan[3:], lever)
        return float(np.linalg.norm(slip) + self.disc_m * np.linalg.norm(disc[3:] - pan[3:]))

    def _add_floor(self, pan: mujoco.MjsBody) -> None:
        half, width, t = self.half_floor_m, self.half_width_m, _WALL_M
        self._wall(pan, [0, 0, -t], [half, width, t])
        self._wall(pan, [-half - t, 0, self.rear_m / 2], [t, width, self.rear_m / 2], rgba=_GLASS)
        for side in (-1, 1):  # of glass, so that cameras see the disc
            length, at = half + self.roll_m / 2, [self.roll_m / 2, side * (width + t), self.roll_m]
            self._wall(pan, at, [length, t, self.roll_m], rgba=_GLASS)

    def _add_far_wall(self, pan: mujoco.MjsBody) -> None:
        # Flat pieces around an axis above the floor's far edge, each as wide as its share of the arc.
        part, outer = self.roll_rad / _ARC_PIECES, self.roll_m + _WALL_M
        for i in range(_ARC_PIECES):
            angle = (i + 0.5) * part
            at = [self.half_floor_m + outer * np.sin(angle), 0, self.roll_m - outer * np.cos(angle)]
            size = [outer * np.tan(part / 2), self.half_width_m, _WALL_M]
            self._wall(pan, at, size, rotation=rot_y(-angle))

    def _wall(
        self,
        pan: mujoco.MjsBody,
        pos: ArrayLike,
        size: ArrayLike,
        rgba: ArrayLike = _DARK,
        rotation: Matrix | None = None,
    ) -> None:
        quat = np.roll(quat_xyzw(np.eye(3) if rotation is None else rotation), 1)
        box = mujoco.mjtGeom.mjGEOM_BOX
        pan.add_geom(type=box, pos=pos, size=size, quat=quat, rgba=rgba, mass=0.02, **self._surface())

    def _surface(self) -> dict[str, Any]:
        contact = {"solref": [0.004, 1], "condim": 4, "contype": 1, "conaffinity": 1}
        return {"friction": [self.friction, 0.005, 0.0001], **contact}

    def _add_disc(self, spec: mujoco.MjSpec) -> None:
        disc = spec.worldbody.add_body(name="disc", pos=self.start_m)
        disc.add_freejoint(name="disc")
        disc.add_site(name="disc", size=[0.001] * 3)
        cylinder, half = mujoco.mjtGeom.mjGEOM_CYLINDER, self.half_disc_m / 2
        hidden = {"group": 3, "mass": self.disc_kg}
        disc.add_geom(type=cylinder, size=[self.disc_m, self.half_disc_m, 0], **hidden, **self._surface())
        for side, rgba in ((1, _LIGHT_FACE), (-1, _RED_FACE)):
            _draw(disc, cylinder, [self.disc_m, half, 0], rgba, pos=[0, 0, side * half])

    def _place_cameras(self, spec: mujoco.MjSpec) -> None:
        # The wrist's looks along the handle into the pan, the front one at its side.
        wrist, front, room = (spec.camera(name) for name in ("wrist", "front", "room"))
        wrist.pos, wrist.fovy = [0.05, 0, 0.0], 70
        wrist.alt.xyaxes = [0, 1, 0, 0.655, 0, -0.756]
        front.pos, front.fovy = [1.05, 0.08, 0.5], 36
        front.alt.xyaxes = [0, 1, 0, -0.25, 0, 0.97]
        room.pos, room.alt.xyaxes = [1.15, 0.75, 0.75], [-0.756, 0.655, 0, -0.245, -0.283, 0.927]


def _draw(body: mujoco.MjsBody, kind: mujoco.mjtGeom, size: ArrayLike, rgba: ArrayLike, **more: Any) -> None:
    """A shape for the eye: it touches nothing."""
    body.add_geom(type=kind, size=size, rgba=rgba, contype=0, conaffinity=0, **{"mass": 0.0, **more})


def _twist(model: mujoco.MjModel, data: mujoco.MjData, site: str) -> NDArray[np.float64]:
    """[6] of a site, base frame, linear first; MuJoCo puts the rotation first."""
    twist = np.zeros(6)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_SITE, data.site(site).id, twist, 0)
    return np.concatenate([twist[3:], twist[:3]])
