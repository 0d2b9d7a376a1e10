"""The actor node: proposes base + residual at every step, and records what was executed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from policies.base import BasePolicy
from policies.episode_status import episode_status
from policies.labeller import Labeller
from policies.plan import EpisodePlan, Progress
from policies.proposer import Proposer
from policies.reset_pilot import ResetPilot
from policies.senses import Encoder, Sensed, Senses, SuccessJudge
from policies.tick_times import TickTimes
from policies.trajectory import Trajectory
from policies.weights_inbox import Correction, WeightsInbox
from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import (
    Action,
    DeviceHealth,
    EpisodeHeader,
    EpisodeStart,
    Event,
    Key,
    Outcome,
    Weights,
)
from robot.task import Task

log = logging.getLogger(__name__)

_PATIENCE_TICKS = 3


class ActorNode(Node):
    """Runs a plan's episodes against whatever cell answers.

    Args:
        task: the skill.
        base: the frozen policy.
        correction: the residual, or None for the base alone.
        encoder: the frozen trunk, or None for a rig without cameras.
        plan: how many episodes of which kind.
        config_hash: goes into every episode's header.
        threaded: check new weights in a thread of their own (not on LocalHost).
        max_age_s: camera -> oldest frame that counts; without it a frame must carry the step's own stamp.
        pilot: brings the arms to the next start; without it the cell does, when a person says so.
        judge: says when the task is done, in the place of the cell's own; the operator's key wins.
        labeller: the dense reward, or None for the sparse one alone.
    """

    name = "actor"
    period_s = 1.0

    def __init__(
        self,
        task: Task,
        base: BasePolicy,
        correction: Correction | None,
        encoder: Encoder | None,
        plan: EpisodePlan,
        config_hash: str = "",
        threaded: bool = True,
        max_age_s: Mapping[str, float] | None = None,
        pilot: ResetPilot | None = None,
        labeller: Labeller | None = None,
        judge: SuccessJudge | None = None,
    ) -> None:
        self._task, self._plan = task, plan
        self._proposer = Proposer(base, correction, labeller, plan.explore)
        self._config_hash, self._pilot, self._labeller = config_hash, pilot, labeller
        self._senses = Senses(task, encoder, max_age_s, judge)
        self._inbox = WeightsInbox(correction, threaded) if correction else None
        self._episode: Trajectory | None = None
        self._progress = Progress()
        self._allowed_steps = 0.0
        self._stopped = False
        self._waited_ticks = 0
        self._gone: set[str] = set()  # devices that do not answer
        self._stamp_ns = 0
        self.tick_times, self.swap_times = TickTimes(), TickTimes()
        extra = [t for t in labeller.topics if t not in self._senses.topics] if labeller else []
        told = (topics.WEIGHTS, topics.LEARNER_STATUS, topics.EVENT, topics.DEVICES)
        self.inputs = (*self._senses.topics, *extra, *told)
        self.outputs = (
            topics.PROPOSED,
            topics.EPISODE_START,
            topics.EXPERIENCE,
            topics.ACTOR_STATUS,
            topics.AUTONOMY,
        )

    def start(self) -> None:
        """Begin the first episode, unless the learner must catch up."""
        self._next_episode()

    def on(self, topic: Topic, message: Any) -> None:
        """Senses drive the actor; the rest waits for the next step."""
        if isinstance(message, Weights):
            if self._inbox is not None:
                self._inbox.offer(message)
        elif isinstance(message, Event):
            self._press(message.key)
        elif isinstance(message, DeviceHealth):
            self._hear(message)
        elif topic == topics.LEARNER_STATUS:
            self._allowed_steps = message.values["allowed_steps"]
            if self._episode is None:
                self._next_episode()
        else:
            self._sense(topic, message)

    def _sense(self, topic: Topic, message: Any) -> None:
        if self._labeller is not None:
            self._labeller.hear(topic, message)
        if topic in self._senses.topics:
            sensed = self._senses.add(topic, message)
            if sensed is not None and self._episode and sensed.episode_id == self._episode.episode_id:
                self._step(self._episode, sensed)
            if sensed is not None and self._pilot is not None and not self._gone:
                self._between(self._pilot, sensed)

    def tick(self, now_ns: int) -> None:
        """Ask for the episode again if nothing came of it.

        A cell or arbiter that this process joined late may have answered before it knew of this reader.
        """
        if self._episode is None or self._episode.steps:
            return
        self._waited_ticks += 1
        if self._waited_ticks >= _PATIENCE_TICKS:
            log.warning("episode %d does not begin: asking again", self._episode.episode_id)
            self._ask_for(self._episode)

    def close(self) -> None:
        """Stop checking weights, and asking for plans."""
        if self._inbox is not None:
            self._inbox.close()
        if self._labeller is not None:
            self._labeller.close()

    def _press(self, key: Key) -> None:
        self._stopped |= key is Key.STOP
        if self._episode is not None and self._episode.steps:
            self._episode.press(key)
        elif self._stopped:  # no step is in flight that could end it
            self.done = True

    def _hear(self, health: DeviceHealth) -> None:
        """Without all its devices a rig has no episode: the open one ends, the next waits for them."""
        self._stamp_ns = max(self._stamp_ns, health.stamp_ns)
        if not health.ok:
            self._gone.add(health.device)
            if self._pilot is not None:
                self._pilot.lose(self._stamp_ns, health.reason)
            if self._episode is not None:
                self._cut(self._episode, health.reason)
        elif health.device in self._gone:
            self._gone.discard(health.device)
            if self._episode is None:
                self._next_episode()

    def _cut(self, episode: Trajectory, reason: str) -> None:
        log.warning("episode %d is cut off: %s", episode.episode_id, reason)
        end = episode.cut()
        if end is not None:
            self.publish(topics.EXPERIENCE, end)
        self._close_episode(episode)

    def _next_episode(self) -> None:
        if self._gone and not self._stopped:
            return
        if self._stopped or self._progress.finished(self._plan):
            self.done = True
            return
        if self._pilot is not None and not self._pilot.ready:
            return
        if self._plan.throttled and self._progress.steps + self._plan.steps_before >= self._allowed_steps:
            return
        episode_id = self._plan.first_episode_id + self._progress.attempts
        seed = self._next_seed
        self._episode = Trajectory(episode_id, seed, self._task.time_limit_steps)
        plan = self._plan
        who = (plan.operator, self._config_hash, plan.mode, plan.rig)
        header = EpisodeHeader(episode_id, self._task.name, seed, *who)
        self.publish(topics.EXPERIENCE, header)
        self._ask_for(self._episode)

    @property
    def _next_seed(self) -> int:
        return self._plan.first_seed + self._progress.episodes

    def _between(self, pilot: ResetPilot, sensed: Sensed) -> None:
        """After an episode the pilot drives, until the next one may be asked for."""
        if self._episode is None and not self.done:
            proposed = pilot.drive(sensed)
            if not pilot.ready:
                self.publish(topics.PROPOSED, proposed)
            self._next_episode()
        news = pilot.news(sensed.stamp_ns)
        if news is not None:
            self.publish(topics.AUTONOMY, news)

    def _ask_for(self, episode: Trajectory) -> None:
        self._waited_ticks = 0
        self._proposer.reset(episode.seed)
        in_place = self._pilot is not None and self._pilot.in_place
        start = EpisodeStart(0, episode.episode_id, episode.seed, self._plan.teleop_allowed, in_place)
        self.publish(topics.EPISODE_START, start)

    def _step(self, episode: Trajectory, sensed: Sensed) -> None:
        if episode.missed(sensed, self._task.control_period_s):
            self._cut(episode, f"no whole control step for {episode.gap_s(sensed):.2f} s: a sensor came late")
            return
        began = time.perf_counter()
        if self._inbox is not None:
            self._inbox.tick_begins()
        if self._pilot is not None and self._pilot.watch(sensed, began=not episode.has_begun):
            episode.give_up()
        before = episode.last_source
        step = episode.arrive(sensed)
        self._proposer.follow(before, episode.last_source)
        self._swap()
        proposed = self._proposer.propose(episode, sensed)
        if episode.outcome is None:
            episode.leave(sensed, proposed)
            self.publish(topics.PROPOSED, proposed)
        self.tick_times.add(time.perf_counter() - began)
        if self._inbox is not None:
            self._inbox.tick_ends()
        # Rewards and recording can wait until the arm has its command.
        if step is not None:
            self.publish(topics.EXPERIENCE, step)
        self._label(episode, sensed)
        if episode.outcome is not None:
            self._finish(episode, sensed, proposed)

    def _swap(self) -> None:
        if self._inbox is not None:
            began = time.perf_counter()
            if self._inbox.take():
                self.swap_times.add(time.perf_counter() - began)

    def _label(self, episode: Trajectory, sensed: Sensed | None = None) -> None:
        if self._labeller is not None:
            late = episode.labelled(self._labeller.label(sensed) if sensed else self._labeller.rest())
            if late is not None:
                self.publish(topics.EXPERIENCE, late)

    def _finish(self, episode: Trajectory, sensed: Sensed, proposed: Action) -> None:
        self._label(episode)
        self.publish(topics.EXPERIENCE, episode.end(sensed, proposed))
        self._stamp_ns = sensed.stamp_ns
        self._close_episode(episode)

    def _close_episode(self, episode: Trajectory) -> None:
        self._progress.attempts += 1
        self._progress.episodes += episode.outcome is not Outcome.ABORTED
        self._progress.steps += episode.steps
        self._progress.successes += episode.outcome is Outcome.SUCCESS
        self._episode = None
        if self._labeller is not None and episode.outcome is not None:
            self._labeller.end(episode.outcome, helped=episode.tally.interventions > 0)
        if self._pilot is not None:
            self._pilot.end(self._next_seed)
        self._report(episode, self._stamp_ns)
        self._next_episode()

    def _report(self, episode: Trajectory, stamp_ns: int) -> None:
        online_steps = self._plan.steps_before + self._progress.steps
        times = self.tick_times, self.swap_times
        self.publish(
            topics.ACTOR_STATUS,
            episode_status(stamp_ns, episode, self._proposer.version, online_steps, *times, self._inbox),
        )
