"""The dense reward's word on each observation of a running episode."""

from __future__ import annotations

import logging
import math
import time
from collections import deque

from policies.rewards.config import RewardConfig
from policies.rewards.followed import MakeObject, Moment
from policies.rewards.guidance import Guidance
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.plan_views import PlanViews
from policies.rewards.planner import Planner
from policies.rewards.reward_watch import RewardWatch
from policies.rewards.scorer import Scorer, make_scorer
from policies.senses import Sensed
from robot.core.errors import NudgeError
from robot.core.topics import Topic
from robot.core.types import Array, Label, Outcome

log = logging.getLogger(__name__)

_CATCH_UP_S = 0.02  # of a control step, for observations from before the plan came; one is scored in any case


class Rewarder:
    """Asks for a plan when an episode begins and scores its observations once there is one.

    Args:
        arm: whose base frame plans are in.
        views: what the cameras saw.
        planner: asks.
        make_object: follows the point on an object that a plan marked.
        lockstep: simulated time goes no faster than the clock on the wall while a question is open, so that
            a plan is as late in the twin as it would be in a real cell, and no later.
        guidance: at which steps the plan drives; None: at none.
    """

    def __init__(
        self,
        config: RewardConfig,
        arm: str,
        views: PlanViews,
        planner: Planner,
        make_object: MakeObject,
        lockstep: bool = False,
        guidance: Guidance | None = None,
    ) -> None:
        self._lockstep, self._guidance = lockstep, guidance
        self._asked_ns, self._asked_s = 0, 0.0  # when, by the cell's time and by the wall's
        self._config, self._arm, self._views, self._planner = config, arm, views, planner
        self._make_object = make_object
        self.topics = views.topics
        self._episode_id = -1
        self._first: Sensed | None = None  # of the episode, until the question about it was asked
        self._began: Moment | None = None  # the same: what a plan is about
        self._unfollowed = False  # told when it changes
        self._waiting: deque[Moment] = deque()  # the observations that no word was said of
        self._plan: KeypointPlan | None = None
        self._scorer: Scorer | None = None
        # KAGI's rule is a baseline and keeps its trap.
        shaped = config.rule == "shaped"
        self._watch = RewardWatch(config.alarms, config.potential.weight) if shaped else None

    def hear(self, topic: Topic, message: object) -> None:
        """Frames and camera models."""
        self._views.hear(topic, message)

    def label(self, sensed: Sensed) -> list[Label]:
        """Words on the oldest observations without one, and none while the question about them is open.

        Never waits for a plan in a real cell. One that comes late rewards the episode from its start all the
        same; zeros while there is none to come.
        """
        if sensed.episode_id != self._episode_id:
            self._begin(sensed)
        if self._first is not None:
            self._ask(self._first)
        if self._lockstep:
            self._keep_pace(sensed.stamp_ns)
        self._waiting.append(self._moment(sensed))
        return self._words(_CATCH_UP_S)

    def rest(self) -> list[Label]:
        """Words on all that wait for one, unless the question is still open."""
        return self._words(math.inf)

    def end(self, outcome: Outcome, helped: bool) -> None:
        """The episode is over. What a person helped with says nothing of plan or policy."""
        if outcome is Outcome.ABORTED:
            return
        success = outcome is Outcome.SUCCESS
        if self._watch is not None and self._watch.end(success):
            self._planner.disown("they do not tell successes from failures")
        if self._guidance is not None and not helped:
            self._guidance.end(success)

    def guide(self, sensed: Sensed) -> Array | None:
        """The action [size] of a control step at which the plan explores in the place of the policy.

        None while it is not known where the object is now, and once the plan rewards nothing more.
        """
        if self._guidance is None or sensed.episode_id != self._episode_id:
            return None
        frozen = self._watch is not None and self._watch.frozen
        if self._plan is None or self._scorer is None or self._waiting or frozen:
            return self._guidance.act(None, sensed, None)
        return self._guidance.act(self._plan, sensed, self._scorer.object_m)

    def close(self) -> None:
        """Stop asking."""
        self._planner.close()

    def _words(self, within_s: float) -> list[Label]:
        plan = self._planner.poll()
        if plan is None and (self._first is not None or self._planner.asking):
            return []
        if plan is not None and plan is not self._plan:
            self._plan, self._scorer = plan, self._scorer_of(plan)
        words: list[Label] = []
        until_s = time.monotonic() + within_s
        while self._waiting and (not words or time.monotonic() < until_s):
            words.append(self._word(self._waiting.popleft()))
        return words

    def _word(self, then: Moment) -> Label:
        if self._plan is None or self._scorer is None:
            return Label()
        label = self._scorer.score(then)
        return Label(self._watched(label, self._plan.confidence), self._plan.version)

    def _watched(self, label: float, confidence: float) -> float:
        if self._watch is None:
            return label
        self._watch.step(label / confidence if confidence else 0.0)  # an unsure plan pays less for the same
        return 0.0 if self._watch.frozen else label

    def _begin(self, sensed: Sensed) -> None:
        if self._watch is not None:
            self._watch.begin()
        if self._guidance is not None:
            self._guidance.begin(sensed.episode_id)
        self._episode_id, self._first, self._began = sensed.episode_id, sensed, self._moment(sensed)
        self._plan = self._scorer = None
        self._waiting.clear()
        self._planner.forget()

    def _ask(self, first: Sensed) -> None:
        views = self._views.at(first.stamp_ns, first.states[self._arm].T_base_tcp)
        if views is not None:
            self._first = None
            self._asked_ns, self._asked_s = first.stamp_ns, time.monotonic()
            self._planner.ask(views)

    def _moment(self, sensed: Sensed) -> Moment:
        seen, arm = sensed.observation, sensed.states[self._arm]
        return Moment(seen.state, seen.images, arm.T_base_tcp, arm.gripper_width)

    def _scorer_of(self, plan: KeypointPlan) -> Scorer | None:
        """Begun with the episode, which the plan is about; None where the object cannot be followed."""
        assert self._began is not None
        scorer = make_scorer(plan, self._config, self._make_object)
        try:
            scorer.score(self._began)
        except NudgeError as error:
            self._tell(f"{type(error).__name__}: {error}")
            return None
        self._tell("")
        return scorer

    def _tell(self, reason: str) -> None:
        if reason and not self._unfollowed:
            log.warning("the object is not followed, so the reward is the sparse one alone: %s", reason)
        elif self._unfollowed and not reason:
            log.warning("the object is followed again")
        self._unfollowed = bool(reason)

    def _keep_pace(self, stamp_ns: int) -> None:
        simulated_s = (stamp_ns - self._asked_ns) * 1e-9
        self._planner.wait(max(0.0, simulated_s - (time.monotonic() - self._asked_s)))
