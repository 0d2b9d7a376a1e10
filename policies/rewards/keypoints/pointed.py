"""A plan from pixels that somebody pointed at: a model that answers with coordinates, or the twin's truth."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.lift import LiftedPoint, LiftError, from_height, triangulate
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan, PlanError
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource, make_plan

PointedAt = Mapping[str, Mapping[str, np.ndarray]]  # keypoint -> camera -> pixel [2] of its own frame
NO_HEIGHTS: Mapping[str, float] = MappingProxyType({})


def plan_from_points(
    points: PointedAt,
    cameras: Mapping[str, PinholeCamera],
    facts: PlanFacts,
    source: PlanSource,
    heights_m: Mapping[str, float] = NO_HEIGHTS,
) -> KeypointPlan:
    """The plan through "grasp" first, what to pass in order, "target" last.

    See `lift_points` for how each is placed. Raises PlanError for points out of order or a plan that breaks
    ``facts.rules``, LiftError for a point that its pixels do not place.
    """
    names = list(points)
    if len(names) < 2 or (names[0], names[-1]) != (GRASP, TARGET):
        raise PlanError([f"pointed at {', '.join(names) or 'nothing'}; want {GRASP} first and {TARGET} last"])
    lifted = lift_points(points, cameras, heights_m)
    on_object = {camera: np.reshape(pixel, (1, 2)) for camera, pixel in points[GRASP].items()}
    used = {camera: cameras[camera] for views in points.values() for camera in views}
    return make_plan(lifted, names[1:-1], used, on_object, facts, source)


def lift_points(
    points: PointedAt,
    cameras: Mapping[str, PinholeCamera],
    heights_m: Mapping[str, float] = NO_HEIGHTS,
) -> dict[str, LiftedPoint]:
    """Each keypoint in base: from its two or more views, or from one view and its height (z in base, m).

    The results hold residual and uncertainty, for a window to show while a click can still be moved.
    """
    return {n: _lift(n, views, cameras, heights_m.get(n)) for n, views in points.items()}


def _lift(
    name: str,
    views: Mapping[str, np.ndarray],
    cameras: Mapping[str, PinholeCamera],
    height_m: float | None,
) -> LiftedPoint:
    unknown = sorted(set(views) - set(cameras))
    if unknown or not views:
        what = f"seen by {', '.join(unknown)}, not calibrated" if unknown else "pointed at in no view"
        raise LiftError(f"{name}: {what}; calibrated cameras: {', '.join(sorted(cameras))}")
    try:
        if len(views) > 1:
            return triangulate(views, cameras)
        if height_m is None:
            raise LiftError(
                f"pointed at in {', '.join(views)} alone; do so in a second view, or give its height"
            )
        (camera,) = views
        return from_height(views[camera], cameras[camera], height_m)
    except LiftError as error:
        raise LiftError(f"{name}: {error}") from error
