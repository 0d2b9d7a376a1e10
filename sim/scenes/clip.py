"""A clip for a cable: a slot that is open at the top between two lips which it has to be pressed past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mujoco
from numpy.typing import ArrayLike

_LIP = {"solref": [0.01, 1], "solimp": [0.5, 0.9, 0.001, 0.5, 2], "priority": 1}  # gives way, so it can snap


@dataclass(frozen=True)
class Clip:
    """Sizes in metres. Frame `clip`: origin on the slot's floor, x along the slot, z up.

    The lips are round bars along the slot; with ``mouth_m`` narrower than the cable it snaps in.
    """

    bore_m: float = 0.010  # the slot's width under the lips
    mouth_m: float = 0.006  # between the lips
    lip_m: float = 0.003  # their radius
    depth_m: float = 0.018  # from the top of the lips to the slot's floor
    floor_m: float = 0.02  # of the slot above the table
    length_m: float = 0.014
    wall_m: float = 0.006

    @property
    def lip_height_m(self) -> float:
        """Of the lips' middle over the slot's floor."""
        return self.depth_m - self.lip_m

    def build(self, body: mujoco.MjsBody) -> None:
        """A clip standing on the origin of ``body``."""
        body.add_site(name="clip", pos=[0, 0, self.floor_m], size=[0.001] * 3)
        half, inner = self.length_m / 2, self.bore_m / 2
        width, foot = inner + self.wall_m, self.floor_m / 2
        _box(body, [0, 0, foot], [half, width, foot], [0.2, 0.35, 0.75, 1])
        top = self.floor_m + self.lip_height_m
        for side in (-1, 1):
            wall = [0, side * (inner + self.wall_m / 2), (self.floor_m + top) / 2]
            size = [half, self.wall_m / 2, self.lip_height_m / 2]
            _box(body, wall, size, [0.25, 0.6, 0.8, 1])
            self._add_lip(body, side * (self.mouth_m / 2 + self.lip_m), top)

    def _add_lip(self, body: mujoco.MjsBody, y: float, z: float) -> None:
        half = self.length_m / 2
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[-half, y, z, half, y, z],
            size=[self.lip_m, 0, 0],
            rgba=[0.9, 0.9, 0.92, 1],
            **_SURFACE | _LIP,
        )


_SURFACE: dict[str, Any] = {
    "friction": [0.3, 0.005, 0.0001],
    "solref": [0.005, 1],
    "condim": 3,
    "contype": 1,
    "conaffinity": 1,
}


def _box(body: mujoco.MjsBody, pos: ArrayLike, size: ArrayLike, rgba: ArrayLike) -> None:
    body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=pos, size=size, rgba=rgba, **_SURFACE)
