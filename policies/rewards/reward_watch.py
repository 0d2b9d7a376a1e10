"""Watches a potential for signs that it is gamed or wrong, and says when it must not pay any more."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence

from policies.rewards.shaping.alarms import Alarm, AlarmConfig, episode_alarms, gap_alarms, success_alarms

log = logging.getLogger(__name__)


class RewardWatch:
    """Of one session. A stalled or loitering episode is frozen to its end, a misleading reward for good.

    Args:
        config: thresholds.
        highest: the largest value that a label can have; progress is a label's share of it.
        misleading: whether the reward was found to be so before.
    """

    def __init__(self, config: AlarmConfig, highest: float, misleading: bool = False) -> None:
        self._config, self._highest = config, highest
        self._progress: list[float] = []  # of the running episode
        self._scores: deque[float] = deque(maxlen=config.episodes)
        self._successes: deque[bool] = deque(maxlen=config.episodes)
        self._misleading, self._idle = misleading, False

    @property
    def misleading(self) -> bool:
        """Whether it does not tell successes from failures: nothing that it says counts, nor what it said."""
        return self._misleading

    @property
    def frozen(self) -> bool:
        """Whether labels must be 0 from here on."""
        return self._misleading or self._idle

    def step(self, label: float) -> None:
        """One observation was labelled."""
        self._progress.append(label / self._highest)
        if not self._idle:
            self._idle = self._tell(episode_alarms(self._progress, self._config), "of this episode")

    def begin(self) -> None:
        """A new episode; the one before, if it was not ended, was cut off and says nothing."""
        self._progress, self._idle = [], False

    def end(self, success: bool) -> None:
        """The episode is over; one without labels says nothing about them."""
        if self._progress and not self._misleading:
            self._scores.append(max(self._progress))
            self._successes.append(success)
            seen = list(self._scores), list(self._successes), self._config
            found = [*gap_alarms(*seen), *success_alarms(*seen)]
            self._misleading = self._tell(found, "of the session")
        self.begin()

    def _tell(self, found: Sequence[Alarm], what: str) -> bool:
        for alarm in found:
            log.warning("the rest %s has the sparse reward alone: %s: %s", what, alarm.kind, alarm.reason)
        return bool(found)
