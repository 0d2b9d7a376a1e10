"""What one keypoint plan is worth to one episode, observation by observation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from numpy.typing import NDArray

from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.plan import GRASP, KeypointPlan
from policies.rewards.shaping.kagi_rule import KagiRule
from policies.rewards.shaping.object_progress import ObjectProgress, advance, begin
from policies.rewards.shaping.potential import potential
from policies.rewards.shaping.waypoint_path import WaypointPath
from robot.core.se3 import Matrix
from robot.core.types import Arrays


class FollowedObject(Protocol):
    """Where the point that a plan marked is."""

    def point_m(self, state: Arrays, T_base_tcp: Matrix) -> NDArray:
        """[3] in base, m."""
        ...


MakeObject = Callable[[NDArray, Arrays, Matrix], FollowedObject]  # of the marked point [3] m, seen first here


class Scorer(Protocol):
    """The rule's word; each observation is to be asked about once, in order, from the plan's arrival on."""

    def score(self, state: Arrays, T_base_tcp: Matrix) -> float:
        """Of an observation's state vectors and the tool's pose in base."""
        ...


def make_scorer(plan: KeypointPlan, config: RewardConfig, make_object: MakeObject) -> Scorer:
    """For the configured rule, which is not the sparse one."""
    return _KagiScorer(plan, config) if config.rule == "kagi" else _PotentialScorer(plan, config, make_object)


class _KagiScorer:
    def __init__(self, plan: KeypointPlan, config: RewardConfig) -> None:
        self._rule = KagiRule(plan.waypoints_m, config.kagi_reach_m, config.kagi_highest)

    def score(self, state: Arrays, T_base_tcp: Matrix) -> float:
        return self._rule.reward(T_base_tcp[:3, 3], success=False)


class _PotentialScorer:
    def __init__(self, plan: KeypointPlan, config: RewardConfig, make_object: MakeObject) -> None:
        self._plan, self._config, self._make_object = plan, config, make_object
        self._path = WaypointPath(plan.waypoints_m, config.look_ahead_m)
        self._thing: FollowedObject | None = None
        self._progress: ObjectProgress | None = None

    def score(self, state: Arrays, T_base_tcp: Matrix) -> float:
        if self._thing is None:
            self._thing = self._make_object(self._plan.keypoints[GRASP], state, T_base_tcp)
        point, tcp = self._thing.point_m(state, T_base_tcp), T_base_tcp[:3, 3]
        if self._progress is None:
            self._progress = begin(self._path, point, tcp)
        else:
            self._progress = advance(self._path, self._progress, point, tcp, self._config.progress)
        sure = self._plan.confidence
        return potential(self._progress, self._path.length_m, sure, 1.0, self._config.potential)
