"""The dense reward's word on each observation of a running episode."""

from __future__ import annotations

import time

from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.plan_views import PlanViews
from policies.rewards.planner import Planner
from policies.rewards.scorer import MakeObject, Scorer, make_scorer
from policies.senses import Sensed
from robot.core.topics import Topic
from robot.core.types import Label


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
            self._plan, self._scorer = plan, make_scorer(plan, self._config, self._make_object)
        assert self._scorer is not None
        T_base_tcp = sensed.states[self._arm].T_base_tcp
        return Label(self._scorer.score(sensed.observation.state, T_base_tcp), plan.version)

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
