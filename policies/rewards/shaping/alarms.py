"""Signs that the dense reward is being gamed or is wrong; each one freezes the shaping and tells a person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from policies.rewards.shaping.rank_order import rank_order
from robot.core.errors import ConfigError


class AlarmKind(StrEnum):
    """What looks wrong."""

    STALL = "stall"  # no progress for long
    LOITERING = "loitering"  # much up and down, nothing gained
    REWARD_GAP = "reward gap"  # failures score as high as successes
    MISSED_SUCCESS = "missed success"  # successes hardly score


@dataclass(frozen=True)
class Alarm:
    """One alarm; the reason is for the log and the console."""

    kind: AlarmKind
    reason: str


@dataclass(frozen=True)
class AlarmConfig:
    """Thresholds; progress is Phi over its largest value, so in [0, 1]."""

    window_steps: int = 100  # of one episode, for stall and loitering
    min_gain: float = 0.02  # by which the best of a window's second half must beat that of its first
    min_swing: float = 0.5  # progress gone up and down in a window that counts as loitering
    episodes: int = 20  # last ones, for the gap
    min_order: float = 0.6  # how often a success must score above a failure; 0.5 is chance
    high_score: float = 0.7  # mean score of failures that is suspect while nothing succeeds
    successes: int = 3  # so many, demonstrations too, say whether what succeeds scores at all
    low_score: float = 0.4  # median score of successes that is suspect

    def __post_init__(self) -> None:
        counts = {n: getattr(self, n) for n in ("window_steps", "episodes", "successes")}
        problems = [f"{n}: got {v}, want at least 2" for n, v in counts.items() if v < 2]
        shares = ("min_gain", "min_order", "high_score", "low_score")
        values = {name: getattr(self, name) for name in shares}
        problems += [f"{n}: got {v}, want 0 to 1" for n, v in values.items() if not 0 <= v <= 1]
        if not self.min_swing > self.min_gain:
            problems.append(f"min_swing: got {self.min_swing}, want above min_gain = {self.min_gain}")
        if problems:
            raise ConfigError(problems, "alarms")


def episode_alarms(progress: ArrayLike, config: AlarmConfig) -> tuple[Alarm, ...]:
    """Stall or loitering over the last window of one episode.

    Args:
        progress: [T] in [0, 1], one value a control step; none of them is raised before the window is full.
        config: thresholds.
    """
    recent = np.asarray(progress, np.float64)[-config.window_steps - 1 :]
    if len(recent) <= config.window_steps:
        return ()
    half, steps = len(recent) // 2, np.diff(recent)
    gain = float(recent[half:].max() - recent[:half].max())
    swing = 2.0 * float(min(steps.clip(0).sum(), -steps.clip(max=0).sum()))  # one way alone is none
    if gain >= config.min_gain:
        return ()
    told = f"progress gained {gain:.3f} in {config.window_steps} steps (want {config.min_gain:g})"
    if swing >= config.min_swing:
        return (Alarm(AlarmKind.LOITERING, f"{told} while it went up and down by {swing:.2f}"),)
    return (Alarm(AlarmKind.STALL, told),)


def gap_alarms(score: ArrayLike, success: ArrayLike, config: AlarmConfig) -> tuple[Alarm, ...]:
    """Whether the dense score still tells successes from failures, over the last episodes.

    With successes and failures in the window the measure is the share of pairs in which the success scores
    higher (the area under the ROC curve; ties count half). Without a success it is the failures' mean.

    Args:
        score: [E] best progress (or dense return in [0, 1]) of each episode, taken before its end, since
            the potential itself is 0 at a terminal state.
        success: [E] bool, the sparse verdict.
        config: thresholds.
    """
    scores = np.asarray(score, np.float64)[-config.episodes :]
    good = np.asarray(success, bool)[-config.episodes :]
    if len(scores) < config.episodes or good.all():
        return ()
    if not good.any():
        return _high_failures(float(scores.mean()), config)
    order = rank_order(scores[good], scores[~good])
    if order >= config.min_order:
        return ()
    told = f"a success scores above a failure in {order:.0%} of the pairs of the last {len(scores)} episodes"
    return (Alarm(AlarmKind.REWARD_GAP, f"{told} (want {config.min_order:.0%}); check the plan"),)


def success_alarms(score: ArrayLike, success: ArrayLike, config: AlarmConfig) -> tuple[Alarm, ...]:
    """Whether the successes among the last episodes score at all: a plan to another place hardly pays them.

    Args:
        score: [E] best progress of each episode.
        success: [E] bool, the sparse verdict.
        config: thresholds.
    """
    good = np.asarray(score, np.float64)[np.asarray(success, bool)]
    if len(good) < config.successes or (median := float(np.median(good))) >= config.low_score:
        return ()
    told = f"{len(good)} successes score {median:.2f} in the median (want {config.low_score:g} or more)"
    return (Alarm(AlarmKind.MISSED_SUCCESS, f"{told}; check the plan"),)


def _high_failures(mean: float, config: AlarmConfig) -> tuple[Alarm, ...]:
    if mean < config.high_score:
        return ()
    told = (
        f"{config.episodes} failures in a row score {mean:.2f} on average (want below {config.high_score:g})"
    )
    return (Alarm(AlarmKind.REWARD_GAP, f"{told}; check the plan and the success signal"),)
