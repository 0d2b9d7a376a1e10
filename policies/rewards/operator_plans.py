"""Keypoint plans that a person clicked, for when neither a model nor an older plan gives one."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np

from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.masks import Segmenter
from policies.rewards.keypoints.plan import KeypointPlan, PlanError
from policies.rewards.keypoints.plan_making import PlanFacts, PlanSource
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.keypoints.pointed import plan_from_points
from policies.rewards.keypoints.question import prepare_question
from policies.rewards.keypoints.reanchor import AnchoredPlan, anchored
from policies.rewards.keypoints.stored_plan import store_plan
from policies.rewards.operator_question import Clicks, OperatorDesk, OperatorQuestion
from robot.core.errors import NudgeError

log = logging.getLogger(__name__)


def clicked_plan(
    question: OperatorQuestion, clicks: Clicks, facts: PlanFacts, heights: HeightLines, segmenter: Segmenter
) -> AnchoredPlan:
    """The plan that the clicks mean, with the look by which its object is found in later scenes.

    Raises:
        LiftError, PlanError: a point cannot be placed, the plan breaks a rule, or the grasp is on nothing
            that could be found again.
    """
    source = PlanSource("operator", clicks.operator, 1.0)
    plan = plan_from_points(clicks.points, question.cameras, facts, source)
    asked = prepare_question(question.sentence, question.top, question.side, heights, segmenter)
    found = anchored(plan, asked)
    if found is None:
        raise PlanError(
            [f"grasp: not on a thing that stands out in {question.top.name}; click on the object"]
        )
    return found


class OperatorPlans:
    """Asks a person, and finds their answer; neither waits.

    Args:
        desk: where question and answer lie.
        store: of the session's plans; a clicked one is written there once.
        clicked: makes the plan of an answer.
    """

    def __init__(
        self,
        desk: OperatorDesk,
        store: PlanStore,
        clicked: Callable[[OperatorQuestion, Clicks], AnchoredPlan],
    ) -> None:
        self._desk, self._store, self._clicked = desk, store, clicked
        self._heard: float | None = None  # when the answer that was taken last was given

    def ask(self, question: OperatorQuestion) -> str:
        """Put the question if none is open; returns what to say of it."""
        unread = self._desk.answered_s not in (None, self._heard)
        if not self._desk.waiting and not unread:
            self._desk.ask(question)
        return f"a person can click the keypoints: nudge reward click {self._desk.folder.parent.parent}"

    def news(self) -> AnchoredPlan | None:
        """The plan of an answer that was not taken yet. One that makes no plan is told and asked again."""
        answered_s = self._desk.answered_s
        if answered_s is None or answered_s == self._heard:
            return None
        self._heard = answered_s
        try:
            return self._taken()
        except NudgeError as error:
            log.warning("the clicked keypoints cannot be used, so they are asked for again: %s", error)
            self._desk.clear()
            return None

    def _taken(self) -> AnchoredPlan | None:
        question, clicks = self._desk.question(), self._desk.answered()
        if question is None or clicks is None:
            return None
        made = self._clicked(question, clicks)
        mine = [p for p in self._store.plans() if _same(p, made.plan)]
        if mine:  # a resumed session, which has it stored already
            return AnchoredPlan(mine[-1], made.look)
        store_plan(self._store, made.plan, (question.top, question.side))
        log.info("plan %d, clicked by %s", made.plan.version, clicks.operator)
        return made


def _same(stored: KeypointPlan, made: KeypointPlan) -> bool:
    scene = dict(stored.image_shas) == dict(made.image_shas)
    mine = stored.provenance == made.provenance
    return mine and scene and np.array_equal(stored.waypoints_m, made.waypoints_m)
