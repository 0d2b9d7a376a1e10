"""A rewarder that asks a server on loopback, and an episode of the drawn scene for it to label."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np

from policies.rewards.config import RewardConfig
from policies.rewards.guidance import Guidance
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.masks import ColourSegmenter
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.operator_question import OperatorDesk
from policies.rewards.plan_views import PlanViews
from policies.rewards.planner import Planner, PlanRequest
from policies.rewards.rewarder import Rewarder
from policies.rewards.true_object import TrueObject
from policies.rewards.vlm.background import VlmWorker
from policies.rewards.vlm.cache import AnswerCache
from policies.rewards.vlm.client import VlmClient
from policies.rewards.vlm.config import VlmConfig
from robot.core.types import Label
from tests.unit import reward_scene as scene

PATIENCE_S = 30.0
PERIOD_S = 0.02
UP = np.array([0.0, 0.0, 0.01])


@dataclass
class Rig:
    """A rewarder that asks a server, and its planner."""

    rewarder: Rewarder
    planner: Planner

    def close(self) -> None:
        self.rewarder.close()


def rig(
    base_url: str,
    run: Path,
    config: RewardConfig = scene.CONFIG,
    lockstep: bool = False,
    deadline_s: float = PATIENCE_S,
) -> Rig:
    short = {"deadline_s": deadline_s, "backoff_s": 0.01, "backoff_max_s": 0.02, "attempts": 2}
    asked = VlmConfig(base_url, "test-vlm", breaker_failures=99, **short)
    client = VlmClient(asked, AnswerCache(run / "cache"), random=Random(0))
    request = PlanRequest(scene.TASK, HeightLines.at(config.heights_m), ColourSegmenter())
    desk = OperatorDesk(run / "plans" / "asked")
    planner = Planner(VlmWorker(client), PlanStore(run / "plans"), request, lambda: 7, desk)
    arm, limit = scene.TASK.action.arms[0], scene.TASK.time_limit_steps
    guidance = Guidance(config.guidance, arm, limit, seed=0) if config.guidance.share else None
    views = PlanViews(scene.MOUNTS)
    return Rig(Rewarder(config, "arm", views, planner, TrueObject, lockstep, guidance), planner)


class Episode:
    """A tool that takes the red square and lifts it, a centimetre a step, or waits."""

    def __init__(self, made: Rig, episode_id: int = 0, squares: scene.Squares = scene.AT_FIRST) -> None:
        self._made, self._id = made, episode_id
        self.step, self.longest_s = 0, 0.0
        self.words: list[Label] = []  # on the first observations
        self.red = scene.RED.copy() if squares.red is None else squares.red.copy()
        self.tool = self.red + 2 * UP
        scene.show(made.rewarder.hear, squares=squares)

    def label(self, lift: bool = False) -> Label:
        """The word on this observation, the empty one while earlier ones wait for theirs."""
        if lift:
            self.red, self.tool = self.red + UP, self.tool + UP
        seen = scene.sensed(self.step, self.tool, self.red, self._id)
        began_s = time.monotonic()
        self.words += self._made.rewarder.label(seen)
        self.longest_s = max(self.longest_s, time.monotonic() - began_s)
        self.step += 1
        return self.words[-1] if len(self.words) == self.step else Label()

    def wait(self) -> Label:
        """Until there is a plan."""
        give_up_s = time.monotonic() + PATIENCE_S
        while (label := self.label()).plan == 0 and time.monotonic() < give_up_s:
            time.sleep(PERIOD_S)
        return label
