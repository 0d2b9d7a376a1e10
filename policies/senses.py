"""Everything the actor learns about one control step, joined by stamp, with its frames encoded once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from robot import observe, sync
from robot.core import topics
from robot.core.se3 import Matrix
from robot.core.topics import Topic
from robot.core.types import Action, Arrays, Observation, Reward, RobotState
from robot.task import Task

log = logging.getLogger(__name__)


class Encoder(Protocol):
    """A frozen vision trunk."""

    def encode(self, images: dict[str, np.ndarray]) -> Arrays:
        """Feature maps [h, w, c] float16 of uint8 frames [H, W, 3]."""
        ...


class Verdict(Protocol):
    """Of a success judge on one control step."""

    @property
    def success(self) -> bool:
        """Whether the episode is done."""
        ...


class SuccessJudge(Protocol):
    """Sees and feels what the policy does, and says when the task is done."""

    def begin(self) -> None:
        """A new episode."""
        ...

    def step(self, features: Arrays, state: Arrays) -> Verdict:
        """The verdict on one observation."""
        ...


@dataclass(frozen=True)
class Sensed:
    """One control step as the cell reports it: what moved the arm here, what it earned, what is seen now."""

    stamp_ns: int
    episode_id: int
    executed: Action
    reward: Reward
    observation: Observation
    states: Mapping[str, RobotState]  # by arm, as measured, in its base frame


class Senses:
    """Joins the topics of a task's rig into `Sensed`.

    Args:
        task: names the arms and cameras.
        encoder: the frozen trunk, or None.
        max_age_s: camera -> how old its frame may be at a step, seconds; a camera not named is in lockstep
            with the arms, as in the twin.
        judge: whose word on success counts in the place of the cell's; None: the cell's.
    """

    def __init__(
        self,
        task: Task,
        encoder: Encoder | None,
        max_age_s: Mapping[str, float] | None = None,
        judge: SuccessJudge | None = None,
    ) -> None:
        self._task, self._encoder, self._judge = task, encoder, judge
        self._arms = {a: topics.arm_state(a) for a in task.arms}
        self._cameras = {c: topics.camera_image(c) for c in task.cameras}
        truth = (topics.TRUTH,) if task.privileged else ()
        self.topics = (
            *self._arms.values(), *self._cameras.values(), topics.EXECUTED, topics.REWARD, *truth
        )  # fmt: skip
        ages_s = {topics.camera_image(camera).name: age for camera, age in (max_age_s or {}).items()}
        self._sync = sync.StampSync(self.topics, ages_s)
        self._starts: dict[str, Matrix] = {}
        self._episode_id: int | None = None
        self._told_stale = False

    def add(self, topic: Topic, message: Any) -> Sensed | None:
        """The whole step if ``message`` was the last part of it."""
        given_up = self._sync.stale_steps
        parts = self._sync.add(topic, message)
        if self._sync.stale_steps > given_up and not self._told_stale:  # a lost camera is told once
            log.warning("%s", self._sync.stale)
            self._told_stale = True
        if parts is None:
            return None
        self._told_stale = False
        return self._sensed(parts)

    def _sensed(self, parts: Mapping[str, Any]) -> Sensed:
        states = {arm: parts[topic.name] for arm, topic in self._arms.items()}
        images = {camera: parts[topic.name] for camera, topic in self._cameras.items()}
        episode_id = next(iter(states.values())).episode_id
        if episode_id != self._episode_id:
            self._episode_id = episode_id
            self._starts = {arm: state.T_base_tcp for arm, state in states.items()}
            if self._judge is not None:
                self._judge.begin()
        truth = parts.get(topics.TRUTH.name)
        privileged = observe.privileged_vectors(truth, self._task.privileged_views) if truth else {}
        features = self._encoder.encode({c: i.pixels for c, i in images.items()}) if self._encoder else {}
        seen = observe.observation(states, self._starts, images, features, privileged)
        executed, reward = parts[topics.EXECUTED.name], self._judged(parts[topics.REWARD.name], seen)
        return Sensed(seen.stamp_ns, episode_id, executed, reward, seen, states)

    def _judged(self, reward: Reward, seen: Observation) -> Reward:
        if self._judge is None:
            return reward
        done = self._judge.step(seen.features, seen.state).success
        return replace(reward, value=float(done), success=done)
