"""How sure we are: intervals for success rates, and the trailing-window success curve."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from robot.core.errors import NudgeError
from robot.session.metrics import Row


@dataclass(frozen=True)
class Rate:
    """Successes out of n trials."""

    successes: int
    n: int

    @property
    def value(self) -> float:
        """The fraction; NaN before the first trial."""
        return self.successes / self.n if self.n else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval."""
        return wilson(self.successes, self.n)


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score interval (low, high) of a success rate; (0, 1) without trials.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). Unlike the
    normal interval it stays inside [0, 1] and keeps a width at 0 or n successes.

    Raises:
        NudgeError: successes outside 0..n, or confidence outside (0, 1).
    """
    if not 0 <= successes <= n or not 0 < confidence < 1:
        raise NudgeError(
            f"wilson: got {successes} of {n} at {confidence}; want 0 <= successes <= n, 0 < conf < 1"
        )
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p, scale = successes / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def is_autonomous_success(episode: Row) -> bool:
    """Whether the episode succeeded and neither a person nor a keypoint plan drove a single step of it."""
    return bool(episode["success"]) and not episode["interventions"] and not episode.get("guided")


def unguided(episodes: Iterable[Row]) -> list[Row]:
    """The episodes that no keypoint plan drove a part of: the others say nothing of the policy."""
    return [e for e in episodes if not e.get("guided")]


def autonomous_rate(episodes: Iterable[Row]) -> Rate:
    """Successes of the policy alone, among the episodes that no plan drove."""
    own = unguided(episodes)
    return Rate(sum(is_autonomous_success(e) for e in own), len(own))


def success_rate(episodes: Collection[Row]) -> Rate:
    """Successes, with or without help."""
    return Rate(sum(bool(e["success"]) for e in episodes), len(episodes))


def intervention_rate(episodes: Collection[Row]) -> float:
    """Fraction of steps that a person drove; NaN without steps."""
    steps = sum(e["steps"] for e in episodes)
    return sum(e["interventions"] for e in episodes) / steps if steps else math.nan


def guided_rate(episodes: Collection[Row]) -> float:
    """Fraction of steps that a keypoint plan drove; 0 without steps."""
    return sum(e.get("guided", 0) for e in episodes) / max(sum(e["steps"] for e in episodes), 1)


def rolling(flags: Sequence[float], window: int = 20) -> np.ndarray:
    """Trailing mean [n] over the last ``window`` values; over what there is at the beginning."""
    total = np.concatenate([[0.0], np.cumsum(np.asarray(flags, np.float64))])
    end = np.arange(1, len(flags) + 1)
    start = np.maximum(end - window, 0)
    return (total[end] - total[start]) / (end - start)


def rolling_interventions(episodes: Sequence[Row], window: int = 20) -> np.ndarray:
    """Trailing fraction [n] of steps that a person drove, over the last ``window`` episodes."""
    human = rolling([e["interventions"] for e in episodes], window)
    return human / np.maximum(rolling([e["steps"] for e in episodes], window), 1e-9)


def steps_to_threshold(episodes: Sequence[Row], threshold: float = 0.9, window: int = 20) -> int | None:
    """Online steps at which trailing autonomous success first reaches the threshold, or None.

    Only a full window counts: one lucky first episode is not 90 %.
    """
    own = unguided(episodes)
    curve = rolling([is_autonomous_success(e) for e in own], window)
    hits = np.flatnonzero(curve[window - 1 :] >= threshold - 1e-9)
    return int(own[int(hits[0]) + window - 1]["online_steps"]) if len(hits) else None
