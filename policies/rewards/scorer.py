"""What one keypoint plan is worth to one episode, observation by observation."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policies.rewards.config import RewardConfig
from policies.rewards.followed import FollowedObject, MakeObject, Moment
from policies.rewards.keypoints.plan import GRASP, KeypointPlan
from policies.rewards.shaping.kagi_rule import KagiRule
from policies.rewards.shaping.object_progress import advance, begin
from policies.rewards.shaping.potential import potential
from policies.rewards.shaping.waypoint_path import WaypointPath


class Scorer(Protocol):
    """The rule's word; asked first about the episode's first observation, which the plan is about, then about
    each that matters, in order."""

    object_m: NDArray[np.float64] | None
    """The marked point [3] in base, in the observation scored last; None where nobody followed it."""

    def score(self, now: Moment) -> float:
        """Of one observation; a NudgeError at the first one where the object cannot be followed."""
        ...


def make_scorer(plan: KeypointPlan, config: RewardConfig, make_object: MakeObject) -> Scorer:
    """For the configured rule, which is not the sparse one."""
    return _KagiScorer(plan, config) if config.rule == "kagi" else _PotentialScorer(plan, config, make_object)


class _KagiScorer:
    object_m: NDArray[np.float64] | None = None  # the rule looks at the tool alone

    def __init__(self, plan: KeypointPlan, config: RewardConfig) -> None:
        self._rule = KagiRule(plan.waypoints_m, config.kagi_reach_m, config.kagi_highest)

    def score(self, now: Moment) -> float:
        return self._rule.reward(now.T_base_tcp[:3, 3], success=False)


class _PotentialScorer:
    def __init__(self, plan: KeypointPlan, config: RewardConfig, make_object: MakeObject) -> None:
        self._plan, self._config, self._make_object = plan, config, make_object
        self._path = WaypointPath(plan.waypoints_m, config.look_ahead_m)
        self._thing: FollowedObject | None = None
        self.object_m: NDArray[np.float64] | None = None
        self._sure = 1.0  # of the last point: while there is none, the potential stands still with progress

    def score(self, now: Moment) -> float:
        tcp = now.T_base_tcp[:3, 3]
        if self._thing is None:
            self._thing = self._make_object(self._plan, now)
            self._progress = begin(self._path, self._plan.keypoints[GRASP], tcp)
        seen = self._thing.follow(now)
        self.object_m = None if seen is None else seen.point_m
        self._progress = advance(self._path, self._progress, self.object_m, tcp, self._config.progress)
        self._sure = self._sure if seen is None else seen.confidence
        sure = self._plan.confidence * self._sure
        return potential(self._progress, self._path.length_m, sure, self._config.potential)
