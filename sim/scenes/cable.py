"""A bendable cable as a chain of rigid links: cheap enough for a 1 kHz controller on one core."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import ArrayLike

from robot.core.se3 import Matrix, rot_z, transform
from sim.scenes.peg_insert import rot_y

_ARMATURE_KG_M2 = 1e-5  # far above a link's own inertia: a taut cable stays stable at steps of 1 ms
_DAMPING_S = 0.02  # of a joint: damping over stiffness
_BIT = 2  # of `conaffinity`: what the cable may touch has it, and neither links nor fingers do


@dataclass(frozen=True)
class Cable:
    """Links along x, each on two hinges: it bends every way and does not twist or stretch.

    A joint's stiffness is ``bending_nm2``, the cable's E*I, over the length of a link.
    """

    length_m: float = 0.2
    links: int = 16
    radius_m: float = 0.004
    mass_kg: float = 0.03
    bending_nm2: float = 0.001

    @property
    def link_m(self) -> float:
        """Length of a link."""
        return self.length_m / self.links

    def build(self, root: mujoco.MjsBody) -> mujoco.MjsBody:
        """Links from the origin of ``root`` along its x; returns the last, whose far end is the cable's."""
        body = root
        for k in range(self.links):
            body = body.add_body(name=f"cable{k}", pos=[self.link_m if k else 0.0, 0, 0])
            self._add_joints(body, k)
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[0, 0, 0, self.link_m, 0, 0],
                size=[self.radius_m, 0, 0],
                mass=self.mass_kg / self.links,
                rgba=[0.95, 0.45, 0.05, 1],
                friction=[0.3, 0.005, 0.0001],
                solref=[0.005, 1],
                condim=3,
                contype=_BIT,
                conaffinity=0,
            )
        return body

    def touches(self, geom: mujoco.MjsGeom) -> None:
        """Let the cable collide with ``geom``."""
        geom.conaffinity |= _BIT

    def lay(self, data: mujoco.MjData, T_base_root: Matrix, tip: Matrix) -> None:
        """Put the cable on an upward arc from its root to ``tip`` [3] m, base frame.

        ValueError when the tip is further away than the cable is long.
        """
        R = T_base_root[:3, :3]
        for k, direction in enumerate(self._arc(tip - T_base_root[:3, 3])):
            x, y, z = R.T @ direction
            rise, turn = np.arctan2(-z, x), np.arcsin(y)
            data.joint(f"cable{k}_y").qpos[0], data.joint(f"cable{k}_z").qpos[0] = rise, turn
            R = R @ rot_y(rise) @ rot_z(turn)

    def nearest(self, data: mujoco.MjData, point: ArrayLike) -> Matrix:
        """Pose [4, 4] of the cable's point nearest to ``point`` [3] m, base frame; x along its link."""
        starts = np.array([data.body(f"cable{k}").xpos for k in range(self.links)])
        rotations = np.array([data.body(f"cable{k}").xmat.reshape(3, 3) for k in range(self.links)])
        along = ((point - starts) * rotations[:, :, 0]).sum(1).clip(0.0, self.link_m)
        points = starts + along[:, None] * rotations[:, :, 0]
        k = int(np.argmin(np.linalg.norm(points - point, axis=1)))
        return transform(rotations[k], points[k])

    def _add_joints(self, body: mujoco.MjsBody, k: int) -> None:
        stiffness = self.bending_nm2 / self.link_m
        for name, axis in (("y", [0, 1, 0]), ("z", [0, 0, 1])):
            body.add_joint(
                name=f"cable{k}_{name}",
                type=mujoco.mjtJoint.mjJNT_HINGE,
                axis=axis,
                stiffness=stiffness,
                damping=_DAMPING_S * stiffness,
                armature=_ARMATURE_KG_M2,
            )

    def _arc(self, way: Matrix) -> Matrix:
        # Directions [links, 3] of the links on a circle over the chord `way`, in the upright plane.
        chord = float(np.linalg.norm(way))
        if chord > self.length_m:
            raise ValueError(f"the cable is {self.length_m} m long, its ends are {chord:.3f} m apart")
        along = way / chord
        up = np.array([0.0, 0.0, 1.0]) - along[2] * along
        up /= np.linalg.norm(up)
        angles = self._bend(chord) * ((self.links - 1) / 2 - np.arange(self.links))
        return np.cos(angles)[:, None] * along + np.sin(angles)[:, None] * up

    def _bend(self, chord_m: float) -> float:
        # The angle between neighbours, rad, that brings the ends so near: by bisection.
        low, high, n = 1e-9, 2 * np.pi / self.links, self.links
        for _ in range(50):
            middle = (low + high) / 2
            reach = self.link_m * np.sin(n * middle / 2) / np.sin(middle / 2)
            low, high = (middle, high) if reach > chord_m else (low, middle)
        return low
