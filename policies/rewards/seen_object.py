"""The point that a plan marked, followed by fixed cameras: for tasks whose objects' poses nobody tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from policies.rewards.followed import FollowedPoint, Moment
from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.tracking.object_point import ObjectPoint, ObjectPointTracker

CamerasOf = Callable[[KeypointPlan], Mapping[str, PinholeCamera]]


class SeenObjects:
    """Follows with those of the plan's cameras that do not move.

    Args:
        cameras: their models, for the scene of a plan.
        patience_s: the longest that a look may hold a control step up; None in simulated time, which waits.
            Most looks take some 10 ms, but searching a whole image for a lost object takes ten times that.
    """

    def __init__(self, cameras: CamerasOf, patience_s: float | None) -> None:
        self._cameras, self._patience_s = cameras, patience_s
        self._thread = ThreadPoolExecutor(1, "tracker")

    def __call__(self, plan: KeypointPlan, first: Moment) -> SeenObject:
        """Begun with an episode's first images; NoObject where none of the cameras can follow the object."""
        tracker = ObjectPointTracker(self._cameras(plan))
        tracker.begin(first.images, first.T_base_tcp, plan)
        return SeenObject(tracker, self._thread, self._patience_s)


class SeenObject:
    """One object in one episode."""

    def __init__(
        self, tracker: ObjectPointTracker, thread: ThreadPoolExecutor, patience_s: float | None
    ) -> None:
        self._tracker, self._thread, self._patience_s = tracker, thread, patience_s
        self._late: Future[ObjectPoint | None] | None = None

    def follow(self, now: Moment) -> FollowedPoint | None:
        """The tracker's word; None while it has lost the object or is not done with a look."""
        if self._late is not None:
            if not self._late.done():
                return None
            self._late.result()  # of an observation that is past; only a failure still matters
        look = self._thread.submit(self._tracker.step, now.images, now.T_base_tcp, now.gripper_width_m)
        try:
            seen, self._late = look.result(self._patience_s), None
        except TimeoutError:
            self._late = look
            return None
        return None if seen is None else FollowedPoint(seen.point_m, seen.confidence)
