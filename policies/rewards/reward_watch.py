"""Watches a potential for signs that it is gamed or wrong, and says when it must not pay any more."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence

from policies.rewards.shaping.alarms import Alarm, AlarmConfig, episode_alarms, gap_alarms, success_alarms

log = logging.getLogger(__name__)


class RewardWatch:
    """Of one session. A stalled or loitering episode is frozen to its end.

    Args:
        config: thresholds.
        highest: the largest value that a label can have; progress is a label's share of it.
    """

    def __init__(self, config: AlarmConfig, highest: float) -> None:
        self._config, self._highest = config, highest
        self._progress: list[float] = []  # of the running episode
        self._scores: deque[float] = deque(maxlen=config.episodes)
        self._successes: deque[bool] = deque(maxlen=config.episodes)
        self._idle = False

    @property
    def frozen(self) -> bool:
        """Whether labels must be 0 to the end of the episode."""
        return self._idle

    def step(self, label: float) -> None:
        """One observation was labelled."""
        self._progress.append(label / self._highest)
        if not self._idle:
            self._idle = self._tell(
                episode_alarms(self._progress, self._config), "to the end of this episode"
            )

    def begin(self) -> None:
        """A new episode; the one before, if it was not ended, was cut off and says nothing."""
        self._progress, self._idle = [], False

    def end(self, success: bool) -> bool:
        """The episode is over; one without labels says nothing about them.

        Returns:
            Whether the reward misleads: it does not tell successes from failures, so nothing of what it said
            may count. What comes after is judged anew.
        """
        misleading = bool(self._progress) and self._judged(max(self._progress), success)
        if misleading:
            self._scores.clear()
            self._successes.clear()
        self.begin()
        return misleading

    def _judged(self, score: float, success: bool) -> bool:
        self._scores.append(score)
        self._successes.append(success)
        seen = list(self._scores), list(self._successes), self._config
        return self._tell([*gap_alarms(*seen), *success_alarms(*seen)], "until there are other plans")

    def _tell(self, found: Sequence[Alarm], what: str) -> bool:
        for alarm in found:
            log.warning("the reward is the sparse one alone %s: %s: %s", what, alarm.kind, alarm.reason)
        return bool(found)
