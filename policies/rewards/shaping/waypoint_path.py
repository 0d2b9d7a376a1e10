"""Progress along a polyline of waypoints that only ever goes forward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.errors import SpecMismatch

_SHORTEST_M = 1e-6  # closer waypoints are one and the same


@dataclass(frozen=True)
class PathProgress:
    """How far along the path a point has come, and how far off it is now."""

    arc_m: float  # never falls within an episode
    distance_m: float  # from the point to the path at `arc_m`


class WaypointPath:
    """A polyline in the robot's base frame.

    Args:
        points_m: [N, 3] waypoints in the order to pass them, N at least 2; repeated ones are dropped.
        look_ahead_m: a step advances by at most this much arc length, so that where the path crosses or
            touches itself its later part is not mistaken for the present one.

    Raises:
        SpecMismatch: waypoints of another shape, not finite or all in one place, or no look-ahead.
    """

    def __init__(self, points_m: ArrayLike, look_ahead_m: float) -> None:
        points = _checked(np.asarray(points_m, np.float64))
        if not look_ahead_m > 0:
            raise SpecMismatch(f"look_ahead_m is {look_ahead_m}; want more than 0 m, as the object's step")
        self._start = points[:-1]
        self._along = np.diff(points, axis=0)  # [N-1, 3]
        self._lengths = np.linalg.norm(self._along, axis=1)
        self._arcs = np.concatenate([[0.0], np.cumsum(self._lengths)])  # [N] arc length at each waypoint
        self._look_ahead_m = look_ahead_m

    @property
    def length_m(self) -> float:
        """Arc length from the first waypoint to the last."""
        return float(self._arcs[-1])

    def point_at(self, arc_m: float) -> NDArray[np.float64]:
        """The path's point [3] m at an arc length; the ends beyond the ends."""
        arc_m = float(np.clip(arc_m, 0.0, self.length_m))
        i = min(int(np.searchsorted(self._arcs, arc_m, side="right")) - 1, len(self._lengths) - 1)
        return self._start[i] + self._along[i] * ((arc_m - self._arcs[i]) / self._lengths[i])

    def distance_m(self, point_m: ArrayLike, arc_m: float) -> float:
        """From a point [3] m to the path at one arc length."""
        return float(np.linalg.norm(np.asarray(point_m, np.float64) - self.point_at(arc_m)))

    def start(self, point_m: ArrayLike) -> PathProgress:
        """Progress of an episode's first point [3] m: nothing is reached yet."""
        return PathProgress(0.0, self.distance_m(point_m, 0.0))

    def advance(self, progress: PathProgress, point_m: ArrayLike) -> PathProgress:
        """Progress after a step to ``point_m`` [3]: the nearest point not behind, within the look-ahead.

        Of equally near points the earliest counts.
        """
        point = np.asarray(point_m, np.float64)
        low, high = progress.arc_m, progress.arc_m + self._look_ahead_m
        arcs = self._nearest_arcs(point, low, high)
        gaps = [self.distance_m(point, arc) for arc in arcs]
        best = int(np.argmin(gaps))
        return PathProgress(float(arcs[best]), gaps[best])

    def _nearest_arcs(self, point: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
        """On each segment that reaches into [low, high], the arc length in there nearest to the point."""
        begin, end = self._arcs[:-1], self._arcs[1:]
        share = np.sum((point - self._start) * self._along, axis=1) / self._lengths**2
        arcs = begin + np.clip(share, 0.0, 1.0) * self._lengths
        inside = (end >= low) & (begin <= high)
        return np.clip(arcs, low, min(high, self.length_m))[inside]


def _checked(points: NDArray[np.float64]) -> NDArray[np.float64]:
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise SpecMismatch(f"waypoints have shape {points.shape}, want finite [N, 3] in metres")
    apart = np.linalg.norm(np.diff(points, axis=0), axis=1) > _SHORTEST_M
    points = points[np.concatenate([[True], apart])]
    if len(points) < 2:
        raise SpecMismatch("waypoints are all in one place, want at least two; add the object's start")
    return points
