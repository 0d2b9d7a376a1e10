"""A plan from what an operator clicks: no model needed. The window that takes the clicks is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource
from policies.rewards.keypoints.pointed import NO_HEIGHTS, PointedAt, plan_from_points


def plan_from_clicks(
    clicks: PointedAt,
    cameras: Mapping[str, PinholeCamera],
    facts: PlanFacts,
    operator: str,
    heights_m: Mapping[str, float] = NO_HEIGHTS,
) -> KeypointPlan:
    """The plan an operator clicked: "grasp" first, what to pass in order, "target" last.

    Each point in two or more views, or in one with its height (z in base, m). Raises as `plan_from_points`.
    """
    return plan_from_points(clicks, cameras, facts, PlanSource("operator", operator, 1.0), heights_m)
