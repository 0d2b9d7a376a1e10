"""One open episode: turns what was sensed and proposed into recorded steps, and knows when it ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.senses import Sensed
from robot.core.types import Action, EpisodeEnd, Key, Label, LateLabels, Outcome, Source, Step
from robot.safety.reason import Reason

_ENDS = {Key.SUCCESS: Outcome.SUCCESS, Key.FAILURE: Outcome.FAILURE, Key.STOP: Outcome.ABORTED}


@dataclass
class Tally:
    """What a finished episode looked like."""

    interventions: int = 0
    guided: int = 0  # steps that a keypoint plan decided
    handovers: int = 0
    total_reward: float = 0.0


class Trajectory:
    """Bookkeeping of one episode of at most ``time_limit_steps``.

    Success and failure terminate (discount 0); the time limit only truncates: the learner bootstraps there.
    """

    def __init__(self, episode_id: int, seed: int, time_limit_steps: int) -> None:
        self.episode_id, self.seed = episode_id, seed
        self._limit = time_limit_steps
        self._before: tuple[Sensed, Action] | None = None
        self._key: Key | None = None
        self._given_up = False
        self.steps = 0
        self.outcome: Outcome | None = None
        self.last_source = Source.POLICY
        self.tally = Tally()
        self.label = Label()  # of the newest observation
        self._unlabelled: deque[int] = deque()  # numbers of the observations that no word was said of

    @property
    def has_begun(self) -> bool:
        """Whether the actor has proposed anything in it."""
        return self._before is not None

    def press(self, key: Key) -> None:
        """The operator judges; takes effect with the step in flight. Other keys are for others."""
        if key in _ENDS:
            self._key = key

    def give_up(self) -> None:
        """It goes nowhere: with the step in flight its time is over, unless that succeeds."""
        self._given_up = True

    def arrive(self, sensed: Sensed) -> Step | None:
        """The step that led here, None at the first observation, which follows a reset."""
        step = None
        if self._before is not None and sensed.executed.source is not Source.RESET:
            step = self._step_between(*self._before, sensed)
        self._unlabelled.append(self.steps)
        self.label = Label()
        return step

    def labelled(self, words: Sequence[Label]) -> LateLabels | None:
        """Take words on the oldest observations without one; returns those on steps already handed out.

        To be recorded after these steps. The rest goes into the records to come.
        """
        late: dict[int, Label] = {}
        for word in words:
            number = self._unlabelled.popleft()
            if number == self.steps:
                self.label = word
            elif word.plan:
                late[number] = word
        if not late:
            return None
        dense = np.array([word.dense for word in late.values()], np.float32)
        plan = np.array([word.plan for word in late.values()], np.int32)
        return LateLabels(self.episode_id, np.array(list(late), np.int32), dense, plan)

    def _step_between(self, before: Sensed, proposed: Action, sensed: Sensed) -> Step:
        self.outcome = self._judge(sensed)
        terminated = self.outcome in (Outcome.SUCCESS, Outcome.FAILURE)
        step = Step(
            episode_id=self.episode_id,
            step=self.steps,
            observation=before.observation,
            action=sensed.executed.value,
            base_action=proposed.base,
            proposed_action=proposed.value,
            reward=self._reward(sensed),
            discount=0.0 if terminated else 1.0,
            terminated=terminated,
            truncated=self.outcome is not None and not terminated,
            source=sensed.executed.source,
            weights_version=proposed.weights_version,
            safety=sensed.executed.safety,
            label=self.label,
        )
        self._count(step)
        return step

    def leave(self, sensed: Sensed, proposed: Action) -> None:
        """The actor proposed ``proposed`` at ``sensed``."""
        self._before = (sensed, proposed)

    def end(self, sensed: Sensed, base_action: Action) -> EpisodeEnd:
        """The closing record, with the observation after the last step."""
        outcome = self.outcome if self.outcome is not None else Outcome.ABORTED
        ended = (self.episode_id, self.steps, outcome)
        return EpisodeEnd(*ended, sensed.observation, base_action.base, self.label)

    def missed(self, sensed: Sensed, period_s: float) -> bool:
        """Whether control steps passed unseen since the last one: what was done in them is not known."""
        return self._before is not None and self.gap_s(sensed) > 1.5 * period_s

    def gap_s(self, sensed: Sensed) -> float:
        """Time since the last step."""
        return 0.0 if self._before is None else (sensed.stamp_ns - self._before[0].stamp_ns) * 1e-9

    def cut(self) -> EpisodeEnd | None:
        """The closing record of an episode that a lost device ended; None before its first observation."""
        self.outcome = Outcome.ABORTED
        return None if self._before is None else self.end(*self._before)

    def _judge(self, sensed: Sensed) -> Outcome | None:
        if self._key is not None:
            return _ENDS[self._key]
        if sensed.reward.success:
            return Outcome.SUCCESS
        if sensed.reward.failure or Reason.STOPPED in Reason(sensed.executed.safety):
            return Outcome.FAILURE
        return Outcome.TIME_LIMIT if self._given_up or self.steps + 1 >= self._limit else None

    def _reward(self, sensed: Sensed) -> float:
        # The operator's verdict overrules the reward model's.
        if self.outcome is Outcome.SUCCESS:
            return 1.0
        return 0.0 if self._key is Key.FAILURE else sensed.reward.value

    def _count(self, step: Step) -> None:
        self.steps += 1
        self.tally.interventions += step.is_intervention
        self.tally.guided += step.source is Source.GUIDE
        self.tally.handovers += _driver(step.source) is not _driver(self.last_source)
        self.tally.total_reward += step.reward
        self.last_source = step.source


def _driver(source: Source) -> Source:
    return Source.POLICY if source is Source.GUIDE else source  # between these nothing is handed over
