"""A keypoint plan for every episode, asked for beside control: fresh, cached, moved, clicked, else none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.lift import LiftError
from policies.rewards.keypoints.masks import Segmenter
from policies.rewards.keypoints.plan import KeypointPlan, PlanError
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.keypoints.question import Question as Asked
from policies.rewards.keypoints.question import View, plan_from_reply, prepare_question
from policies.rewards.keypoints.reanchor import AnchoredPlan, anchored, reanchor
from policies.rewards.keypoints.reply import PlanReply, reply_about
from policies.rewards.keypoints.stored_plan import store_plan
from policies.rewards.operator_plans import OperatorPlans, clicked_plan
from policies.rewards.operator_question import Clicks, OperatorDesk, OperatorQuestion
from policies.rewards.vlm.background import Ticket, VlmWorker
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.errors import Disowned, Dropped, VlmError
from policies.rewards.vlm.question import Question
from robot.core.errors import NudgeError
from robot.task import Task

log = logging.getLogger(__name__)

_WATCH = "reward watch"  # who vetoes where nobody has to
_KEY = "plan"  # one question waits at most: the newest scene's
Mode = Literal["fresh", "reanchored", "none"]
_SAID: dict[Mode, str] = {
    "fresh": "keypoint plans are back",
    "reanchored": "keypoint plans are re-anchored since the model gives none: ",
    "none": "no keypoint plan, so the reward is the sparse one alone: ",
}


@dataclass(frozen=True)
class PlanRequest:
    """What all plans of a session have in common."""

    task: Task
    heights: HeightLines
    segmenter: Segmenter


@dataclass(frozen=True, eq=False)
class _Made:
    plan: KeypointPlan
    instead_of: str = ""  # what was wrong with the answer, where the plan is an older one moved


class Planner:
    """Asks once an episode, and tells each change of what comes of it.

    Where no usable answer comes, the last plan is moved to where its object lies now. Where that fails too a
    person is asked to click one; until they have, the reward is the sparse one alone.

    Args:
        worker: does the asking, in its thread; closed with this.
        store: where plans are kept before they reward anything.
        request: what is asked for.
        now_ns: wall time, for the plans.
        desk: where a person finds the question for them.
    """

    def __init__(
        self,
        worker: VlmWorker,
        store: PlanStore,
        request: PlanRequest,
        now_ns: Callable[[], int],
        desk: OperatorDesk,
    ) -> None:
        self._worker, self._store, self._request, self._now_ns = worker, store, request, now_ns
        self._ticket: Ticket[_Made] | None = None
        self._plan: KeypointPlan | None = None
        self._mode: Mode = "fresh"  # of the last episode's plan: told when it changes
        # For the worker's thread alone:
        self._last: AnchoredPlan | None = None
        self._operator = OperatorPlans(desk, store, self._clicked)

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

    def disown(self, reason: str) -> None:
        """Veto all plans there are: none of them pays any more, nor what it has paid.

        From then on, also after a restart, a person's plans alone can pay: the model is not asked.
        """
        count = self._store.veto_all(reason, _WATCH, self._now_ns())
        log.warning("%d plans vetoed, what they paid is taken back: %s", count, reason)

    @property
    def asking(self) -> bool:
        """Whether a question about this episode is open."""
        return self._ticket is not None

    def poll(self) -> KeypointPlan | None:
        """This episode's plan once it is there; never waits."""
        if self._ticket is not None and self._ticket.done:
            self._take(self._ticket)
            self._ticket = None
        return self._plan

    def close(self) -> None:
        """Give up what is being asked; at most a second."""
        self._worker.close()

    def _take(self, ticket: Ticket[_Made]) -> None:
        try:
            made = ticket.poll()
            assert made is not None
        except NudgeError as error:
            return self._tell("none", f"{type(error).__name__}: {error}")
        self._plan = made.plan
        self._tell("reanchored" if made.instead_of else "fresh", made.instead_of)

    def _tell(self, mode: Mode, reason: str) -> None:
        if mode != self._mode:
            log.warning("%s%s", _SAID[mode], reason)
        self._mode = mode

    def _make(self, client: VlmClient, top: View, side: View) -> _Made:
        """In the worker's thread. That the model sees no object is an answer, and no older plan is better."""
        task, request = self._request.task, self._request
        asked = prepare_question(task.sentence, top, side, request.heights, request.segmenter)
        try:
            made = _Made(self._from_model(client, asked))
        except Dropped:
            raise
        except (VlmError, LiftError, PlanError) as error:
            made = _Made(self._from_last(asked, error), f"{type(error).__name__}: {error}")
        plan = made.plan
        store_plan(self._store, plan, (asked.top, asked.side))
        if not made.instead_of:  # a moved plan is no parent: each move would add its error
            self._last = anchored(plan, asked)
        log.info("plan %d (%s, confidence %.2f)", plan.version, plan.provenance, plan.confidence)
        return made

    def _from_model(self, client: VlmClient, asked: Asked) -> KeypointPlan:
        if self._disowned:
            raise Disowned("the model is not asked any more: the plans of this run were found misleading")
        prompt = f"{asked.prompt.system}\n\n{asked.prompt.user}"
        pictures = (asked.top_picture.png, asked.side_picture.png)
        words: type[PlanReply] = reply_about(asked.vocabulary)
        answer = client.ask(Question(prompt, pictures, words))
        source = PlanSource("cache" if answer.cached else "vlm", answer.model, 1.0)
        return plan_from_reply(asked, answer.value, self._facts(asked.image_shas), source)

    def _from_last(self, asked: Asked, error: NudgeError) -> KeypointPlan:
        """The last plan, clicked or the model's, in the new scene; PlanError where none will do."""
        last = self._last = self._operator.news() or self._last
        why = [f"{type(error).__name__}: {error}"]
        if last is not None and self._trusted(last.plan):
            try:
                return reanchor(last, asked, self._facts(asked.image_shas))
            except (LiftError, PlanError) as failed:
                why.append(f"nor can plan {last.plan.version} be re-anchored: {failed}")
        question = OperatorQuestion(asked.top, asked.side, self._request.task.sentence, "; ".join(why))
        raise PlanError([*why, self._operator.ask(question)]) from error

    @property
    def _disowned(self) -> bool:
        return any(v.who == _WATCH for v in self._store.vetoes())

    def _trusted(self, plan: KeypointPlan) -> bool:
        # A model's answer may come in after all its plans were vetoed.
        vetoed = any(v.plan_id == plan.id for v in self._store.vetoes())
        return not vetoed and (plan.provenance == "operator" or not self._disowned)

    def _clicked(self, question: OperatorQuestion, clicks: Clicks) -> AnchoredPlan:
        facts, request = self._facts(question.image_shas), self._request
        return clicked_plan(question, clicks, facts, request.heights, request.segmenter)

    def _facts(self, image_shas: Mapping[str, str]) -> PlanFacts:
        return PlanFacts.of(self._request.task, self._store.next_version(), image_shas, self._now_ns())
