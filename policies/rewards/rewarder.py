"""The dense reward's word on each observation of a running episode."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.plan import GRASP, KeypointPlan
from policies.rewards.plan_views import PlanViews
from policies.rewards.planner import Planner
from policies.rewards.shaping.kagi_rule import KagiRule
from policies.rewards.shaping.object_progress import ObjectProgress, advance, begin
from policies.rewards.shaping.potential import potential
from policies.rewards.shaping.waypoint_path import WaypointPath
from policies.senses import Sensed
from robot.core.se3 import Matrix
from robot.core.topics import Topic
from robot.core.types import Label


class Scorer(Protocol):
    """What one plan is worth to one episode."""

    def score(self, sensed: Sensed) -> float:
        """Of this observation; to be asked once at every step from the plan's arrival on."""
        ...


class TrackedObject(Protocol):
    """Where the point that a plan marked is."""

    def point_m(self, state: dict[str, np.ndarray], T_base_tcp: Matrix) -> NDArray[np.float64]:
        """[3] in base, m."""
        ...


MakeObject = Callable[[NDArray[np.float64], dict[str, np.ndarray], Matrix], TrackedObject]


class Rewarder:
    """Asks for a plan when an episode begins and scores its observations once there is one.

    Args:
        arm: whose base frame plans are in.
        views: what the cameras saw.
        planner: asks.
        make_object: follows the point on an object that a plan marked.
        lockstep: simulated time goes no faster than the clock on the wall while a question is open, so that
            a plan is as late in the twin as it would be in a real cell, and no later.
    """

    def __init__(
        self,
        config: RewardConfig,
        arm: str,
        views: PlanViews,
        planner: Planner,
        make_object: MakeObject,
        lockstep: bool = False,
    ) -> None:
        self._lockstep = lockstep
        self._asked_ns, self._asked_s = 0, 0.0  # when, by the cell's time and by the wall's
        self._config, self._arm, self._views, self._planner = config, arm, views, planner
        self._make_object = make_object
        self.topics = views.topics
        self._episode_id = -1
        self._first: Sensed | None = None  # of the episode, until the question about it was asked
        self._plan: KeypointPlan | None = None
        self._scorer: Scorer | None = None

    def hear(self, topic: Topic, message: object) -> None:
        """Frames and camera models."""
        self._views.hear(topic, message)

    def label(self, sensed: Sensed) -> Label:
        """The word on this observation; zero while there is no plan. Never waits in a real cell."""
        if sensed.episode_id != self._episode_id:
            self._begin(sensed)
        if self._first is not None:
            self._ask(self._first)
        if self._lockstep:
            self._keep_pace(sensed.stamp_ns)
        plan = self._planner.poll()
        if plan is None:
            return Label()
        if plan is not self._plan:
            self._plan, self._scorer = plan, self._make_scorer(plan, sensed)
        assert self._scorer is not None
        return Label(self._scorer.score(sensed), plan.version)

    def close(self) -> None:
        """Stop asking."""
        self._planner.close()

    def _begin(self, sensed: Sensed) -> None:
        self._episode_id, self._first = sensed.episode_id, sensed
        self._plan = self._scorer = None
        self._planner.forget()

    def _ask(self, first: Sensed) -> None:
        views = self._views.at(first.stamp_ns, first.states[self._arm].T_base_tcp)
        if views is not None:
            self._first = None
            self._asked_ns, self._asked_s = first.stamp_ns, time.monotonic()
            self._planner.ask(views)

    def _keep_pace(self, stamp_ns: int) -> None:
        simulated_s = (stamp_ns - self._asked_ns) * 1e-9
        self._planner.wait(max(0.0, simulated_s - (time.monotonic() - self._asked_s)))

    def _make_scorer(self, plan: KeypointPlan, sensed: Sensed) -> Scorer:
        if self._config.rule == "kagi":
            return _KagiScorer(plan, self._config, self._arm)
        T_base_tcp = sensed.states[self._arm].T_base_tcp
        thing = self._make_object(plan.keypoints[GRASP], sensed.observation.state, T_base_tcp)
        return _PotentialScorer(plan, self._config, self._arm, thing)


class _KagiScorer:
    def __init__(self, plan: KeypointPlan, config: RewardConfig, arm: str) -> None:
        self._rule = KagiRule(plan.waypoints_m, config.kagi_reach_m, config.kagi_highest)
        self._arm = arm

    def score(self, sensed: Sensed) -> float:
        return self._rule.reward(sensed.states[self._arm].T_base_tcp[:3, 3], success=False)


class _PotentialScorer:
    def __init__(self, plan: KeypointPlan, config: RewardConfig, arm: str, thing: TrackedObject) -> None:
        self._plan, self._config, self._arm, self._thing = plan, config, arm, thing
        self._path = WaypointPath(plan.waypoints_m, config.look_ahead_m)
        self._progress: ObjectProgress | None = None

    def score(self, sensed: Sensed) -> float:
        T_base_tcp = sensed.states[self._arm].T_base_tcp
        point, tcp = self._thing.point_m(sensed.observation.state, T_base_tcp), T_base_tcp[:3, 3]
        if self._progress is None:
            self._progress = begin(self._path, point, tcp)
        else:
            self._progress = advance(self._path, self._progress, point, tcp, self._config.progress)
        length, sure = self._path.length_m, self._plan.confidence
        return potential(self._progress, length, sure, 1.0, self._config.potential)
