"""A keypoint plan for every episode, asked for beside control: fresh, else from the cache, else none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.masks import Segmenter
from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource
from policies.rewards.keypoints.plan_rules import PlanRules
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.keypoints.question import View, plan_from_reply, prepare_question
from policies.rewards.keypoints.reply import PlanReply, reply_about
from policies.rewards.vlm.background import Ticket, VlmWorker
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.question import Question
from robot.core.errors import NudgeError
from robot.task import Task

log = logging.getLogger(__name__)

_KEY = "plan"  # one question waits at most: the newest scene's


@dataclass(frozen=True)
class PlanRequest:
    """What all plans of a session have in common."""

    task: Task
    heights: HeightLines
    segmenter: Segmenter


class Planner:
    """Asks once an episode; whatever goes wrong is told, and that episode's reward is the sparse one alone.

    Args:
        worker: does the asking, in its thread; closed with this.
        store: where plans are kept before they reward anything.
        request: what is asked for.
        now_ns: wall time, for the plans.
    """

    def __init__(
        self, worker: VlmWorker, store: PlanStore, request: PlanRequest, now_ns: Callable[[], int]
    ) -> None:
        self._worker, self._store, self._request, self._now_ns = worker, store, request, now_ns
        self._ticket: Ticket[KeypointPlan] | None = None
        self._plan: KeypointPlan | None = None
        self._told = ""  # what was wrong with the last episode's plan: told when it changes

    def ask(self, views: tuple[View, ...]) -> None:
        """For an episode that begins with these views, the top one first; never waits."""
        top, side = views
        self._plan, self._ticket = None, self._worker.submit(lambda c: self._make(c, top, side), _KEY)

    def wait(self, timeout_s: float) -> None:
        """Give what is being asked so much time; for simulated time only."""
        if self._ticket is not None:
            self._ticket.wait(timeout_s)

    def forget(self) -> None:
        """The episode is over: its plan, or what is still asked about it, is not for the next one."""
        self._plan = self._ticket = None

    @property
    def asking(self) -> bool:
        """Whether a question about this episode is open."""
        return self._ticket is not None

    def poll(self) -> KeypointPlan | None:
        """This episode's plan once it is there; never waits."""
        if self._ticket is not None and self._ticket.done:
            try:
                self._plan = self._ticket.poll()
                self._tell("")
            except NudgeError as error:
                self._tell(f"{type(error).__name__}: {error}")
            self._ticket = None
        return self._plan

    def close(self) -> None:
        """Give up what is being asked; at most a second."""
        self._worker.close()

    def _tell(self, reason: str) -> None:
        if reason and not self._told:
            log.warning("no keypoint plan, so the reward is the sparse one alone: %s", reason)
        elif self._told and not reason:
            log.warning("keypoint plans are back")
        self._told = reason

    def _make(self, client: VlmClient, top: View, side: View) -> KeypointPlan:
        """In the worker's thread."""
        task, request = self._request.task, self._request
        asked = prepare_question(task.sentence, top, side, request.heights, request.segmenter)
        prompt = f"{asked.prompt.system}\n\n{asked.prompt.user}"
        pictures = (asked.top_picture.png, asked.side_picture.png)
        words: type[PlanReply] = reply_about(asked.vocabulary)
        answer = client.ask(Question(prompt, pictures, words))
        source = PlanSource("cache" if answer.cached else "vlm", answer.model, 1.0)
        plan = plan_from_reply(asked, answer.value, self._facts(asked.image_shas), source)
        self._store.write(plan)
        log.info("plan %d (%s, confidence %.2f)", plan.version, plan.provenance, plan.confidence)
        return plan

    def _facts(self, image_shas: Mapping[str, str]) -> PlanFacts:
        task = self._request.task
        return PlanFacts(
            version=self._store.next_version(),
            arm=task.arms[0],
            task=task.name,
            sentence=task.sentence,
            image_shas=image_shas,
            created_ns=self._now_ns(),
            rules=PlanRules(task.workspace),
        )
