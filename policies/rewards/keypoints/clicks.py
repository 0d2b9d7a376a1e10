"""A plan from what an operator clicks: no model needed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.lift import LiftedPoint, LiftError, from_height, triangulate
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan, PlanError
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource, make_plan

Clicks = Mapping[str, Mapping[str, np.ndarray]]  # keypoint -> camera -> pixel [2] of the camera's own frame
_NO_HEIGHTS: Mapping[str, float] = MappingProxyType({})


def plan_from_clicks(
    clicks: Clicks,
    cameras: Mapping[str, PinholeCamera],
    facts: PlanFacts,
    operator: str,
    heights_m: Mapping[str, float] = _NO_HEIGHTS,
) -> KeypointPlan:
    """The plan an operator clicked: "grasp" first, what to pass in order, "target" last.

    See `lift_clicks` for how each is placed. Raises PlanError for clicks out of order or a plan that breaks
    ``facts.rules``, LiftError for a point that the clicks do not place.
    """
    names = list(clicks)
    if len(names) < 2 or (names[0], names[-1]) != (GRASP, TARGET):
        raise PlanError([f"clicked {', '.join(names) or 'nothing'}; want {GRASP} first and {TARGET} last"])
    lifted = lift_clicks(clicks, cameras, heights_m)
    on_object = {camera: np.reshape(pixel, (1, 2)) for camera, pixel in clicks[GRASP].items()}
    used = {camera: cameras[camera] for views in clicks.values() for camera in views}
    return make_plan(lifted, names[1:-1], used, on_object, facts, PlanSource("operator", operator, 1.0))


def lift_clicks(
    clicks: Clicks, cameras: Mapping[str, PinholeCamera], heights_m: Mapping[str, float] = _NO_HEIGHTS
) -> dict[str, LiftedPoint]:
    """Each keypoint in base: from its two or more views, or from one view and its height (z in base, m).

    The results hold residual and uncertainty, for the window to show while a click can still be moved.
    """
    return {name: _lift(name, views, cameras, heights_m.get(name)) for name, views in clicks.items()}


def _lift(
    name: str, views: Mapping[str, np.ndarray], cameras: Mapping[str, PinholeCamera], height_m: float | None
) -> LiftedPoint:
    unknown = sorted(set(views) - set(cameras))
    if unknown or not views:
        what = f"clicked in {', '.join(unknown)}, not calibrated" if unknown else "clicked in no view"
        raise LiftError(f"{name}: {what}; calibrated cameras: {', '.join(sorted(cameras))}")
    try:
        if len(views) > 1:
            return triangulate(views, cameras)
        if height_m is None:
            raise LiftError(
                f"clicked in {', '.join(views)} alone; click it in a second view, or give its height"
            )
        (camera,) = views
        return from_height(views[camera], cameras[camera], height_m)
    except LiftError as error:
        raise LiftError(f"{name}: {error}") from error
