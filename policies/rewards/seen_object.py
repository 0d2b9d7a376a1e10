"""The point that a plan marked, followed by fixed cameras: for tasks whose objects' poses nobody tells."""

from __future__ import annotations

from collections.abc import Mapping

from policies.rewards.followed import FollowedPoint, MakeObject, Moment
from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.plan_views import PlanViews
from policies.rewards.tracking.object_point import ObjectPointTracker


class SeenObject:
    """Begins with the episode's first images; NoObject where none of the cameras can follow the object."""

    def __init__(self, cameras: Mapping[str, PinholeCamera], plan: KeypointPlan, first: Moment) -> None:
        self._tracker = ObjectPointTracker(cameras)
        self._tracker.begin(first.images, first.T_base_tcp, plan)

    def follow(self, now: Moment) -> FollowedPoint | None:
        """The tracker's word on the next images; None while it has lost the object."""
        seen = self._tracker.step(now.images, now.T_base_tcp, now.gripper_width_m)
        return None if seen is None else FollowedPoint(seen.point_m, seen.confidence)


def seen_through(views: PlanViews) -> MakeObject:
    """Follows with those of the plan's cameras that do not move."""
    return lambda plan, first: SeenObject(views.fixed_cameras(), plan, first)
