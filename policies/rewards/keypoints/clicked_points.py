"""Keypoints as a person clicks them: in the top view and then in the side view, or above the last one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.lift import LiftedPoint, LiftError
from policies.rewards.keypoints.plan import GRASP, TARGET
from policies.rewards.keypoints.pointed import PointedAt, lift_points
from policies.rewards.keypoints.question import View

_HEIGHTS_M = np.linspace(-0.1, 0.6, 701)  # in base, of the upright line
_MAX_OFF = 0.04  # of the picture's side


@dataclass(frozen=True, eq=False)
class ClickedPoint:
    """One point that both views place."""

    pixels: Mapping[str, np.ndarray]  # camera -> pixel [2] of its frame
    lifted: LiftedPoint
    upright: bool  # clicked in the side view alone, straight above or below the point before


@dataclass
class ClickedPoints:
    """The clicks so far: the first point is the grasp, the last the target; those between are passed."""

    top: View
    side: View
    placed: list[ClickedPoint] = field(default_factory=list)
    pending: np.ndarray | None = None  # pixel of the top view, its place in the side view not yet clicked

    @property
    def next_view(self) -> View:
        """Where the next click belongs."""
        return self.top if self.pending is None else self.side

    @property
    def complete(self) -> bool:
        """There are a grasp and a target, and nothing is half clicked."""
        return len(self.placed) >= 2 and self.pending is None

    def click(self, camera: str, pixel: np.ndarray) -> None:
        """Take a click; a second one in the top view moves the first.

        One in the side view alone is a point straight above or below the last one: in the air there is
        nothing to see in the top view.

        Raises:
            LiftError: outside the picture, in the side view first, off the upright line through the last
                point, or where the two views disagree. The click is then not taken.
        """
        pixel = np.asarray(pixel, float)
        self._require_inside(camera, pixel)
        if camera == self.top.name:
            self.pending = pixel
            return
        upright = self.pending is None
        pixels = (
            self._on_upright(pixel) if self.pending is None else {self.top.name: self.pending, camera: pixel}
        )
        name = point_names(len(self.placed) + 1)[-1]
        lifted = lift_points({name: pixels}, self._cameras)[name]
        self.placed.append(ClickedPoint(pixels, lifted, upright))
        self.pending = None

    def undo(self) -> None:
        """Take back the last click, if there is one."""
        if self.pending is not None:
            self.pending = None
        elif self.placed:
            last = self.placed.pop()
            self.pending = None if last.upright else last.pixels[self.top.name]

    def pointed_at(self) -> PointedAt:
        """By name, for `pointed.plan_from_points`."""
        return {n: p.pixels for n, p in zip(point_names(len(self.placed)), self.placed, strict=True)}

    def upright(self) -> np.ndarray:
        """Points [N, 3] in base straight above and below the last one, a millimetre apart."""
        if not self.placed:
            return np.zeros((0, 3))
        x, y, _ = self.placed[-1].lifted.point_m
        return np.column_stack([np.broadcast_to([x, y], (len(_HEIGHTS_M), 2)), _HEIGHTS_M])

    def _on_upright(self, pixel: np.ndarray) -> dict[str, np.ndarray]:
        """Where both cameras see the upright line's point that is nearest to a pixel of the side view."""
        points = self.upright()
        if len(points) == 0:
            raise LiftError(f"click the point in {self.top.name} first, then in {self.side.name}")
        off = np.linalg.norm(self.side.camera.project(points) - pixel, axis=1)
        near = int(np.nanargmin(off))
        if off[near] > _MAX_OFF * max(self.side.camera.size):
            raise LiftError(
                f"{off[near]:.0f} px off the dotted line straight above the last point; click on that line, "
                f"or another point in {self.top.name} first"
            )
        return {n: camera.project(points[near : near + 1])[0] for n, camera in self._cameras.items()}

    @property
    def _cameras(self) -> dict[str, PinholeCamera]:
        return {v.name: v.camera for v in (self.top, self.side)}

    def _require_inside(self, camera: str, pixel: np.ndarray) -> None:
        size = self._cameras[camera].size
        if not ((pixel >= -0.5) & (pixel <= np.asarray(size) - 0.5)).all():
            raise LiftError(
                f"({pixel[0]:g}, {pixel[1]:g}) is outside the {size[0]}x{size[1]} picture of {camera}"
            )


def point_names(count: int) -> list[str]:
    """Of so many points in order; the only one is the grasp."""
    between = [f"via{i}" for i in range(1, count - 1)]
    return [GRASP, *between, TARGET] if count > 1 else [GRASP] * count
