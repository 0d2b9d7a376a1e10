"""What each threshold would cost and catch: frame by frame, and episode by episode under the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.rewards.classifier.gate import first_held
from robot.core.errors import NudgeError

# Dense near 0 and 1, where a sure classifier's probabilities are.
THRESHOLDS = tuple(float(t) for t in np.round(1 / (1 + np.exp(-np.linspace(-7, 7, 141))), 6))


@dataclass(frozen=True)
class ScoredEpisode:
    """What the classifier said of each of the T + 1 frames of one episode."""

    success: bool
    probability: np.ndarray  # [T + 1]
    label: np.ndarray  # [T + 1] labels.POSITIVE, NEGATIVE or UNKNOWN
    inside: np.ndarray  # [T + 1] bool, in the gate's box

    @property
    def steps(self) -> int:
        """T, control steps."""
        return len(self.probability) - 1


@dataclass(frozen=True)
class Counts:
    """Of one threshold, on frames or on episodes."""

    threshold: float
    true_positives: int
    false_positives: int
    successes: int  # there to be found
    steps: int  # watched, in which a false positive could come

    @property
    def precision(self) -> float:
        """Share of what was called a success that is one; NaN if nothing was."""
        called = self.true_positives + self.false_positives
        return self.true_positives / called if called else float("nan")

    @property
    def recall(self) -> float:
        """Share of the successes that were found; NaN without any."""
        return self.true_positives / self.successes if self.successes else float("nan")

    @property
    def false_per_1000(self) -> float:
        """False positives in 1,000 steps; NaN without a step."""
        return 1000 * self.false_positives / self.steps if self.steps else float("nan")


def frame_counts(episodes: Sequence[ScoredEpisode], threshold: float) -> Counts:
    """Each judged frame by itself, without the gate; UNKNOWN frames do not count."""
    probability = np.concatenate([e.probability for e in episodes])
    label = np.concatenate([e.label for e in episodes])
    called = probability >= threshold
    good, bad = label == 1, label == 0
    return Counts(
        threshold, int((called & good).sum()), int((called & bad).sum()), int(good.sum()), int(bad.sum())
    )


def episode_counts(episodes: Sequence[ScoredEpisode], threshold: float, held_steps: int) -> Counts:
    """As it is used: the first frame that the gate lets through ends the episode.

    A call on a success no sooner than its margin is true, any other is false. Recording stops at the success,
    so the last frame is taken to stay for the ``held_steps`` - 1 more that the gate waits, in failures too.
    """
    found, false, steps = 0, 0, 0
    for e in episodes:
        fired = first_held(_held_on((e.probability >= threshold) & e.inside, held_steps), held_steps)
        is_true = fired is not None and e.success and bool(e.label[min(fired, e.steps)] != 0)
        found += is_true
        false += fired is not None and not is_true
        steps += e.steps if fired is None else min(fired, e.steps)
    return Counts(threshold, found, false, sum(e.success for e in episodes), steps)


def _held_on(passes: np.ndarray, held_steps: int) -> np.ndarray:
    return np.concatenate([passes, np.repeat(passes[-1:], held_steps - 1)])


def choose(curve: Sequence[Counts], max_false_per_1000: float) -> Counts:
    """The highest recall with at most that many false positives; of equals the one nearest to 0.5.

    Raises:
        NudgeError: within that rate no threshold finds anything.
    """
    allowed = [c for c in curve if c.false_per_1000 <= max_false_per_1000 and c.true_positives]
    if not allowed:
        least = min((c for c in curve if c.true_positives), key=lambda c: c.false_per_1000, default=None)
        seen = "nothing is found at all" if least is None else f"the least is {least.false_per_1000:.2f}"
        raise NudgeError(
            f"no threshold finds a success at {max_false_per_1000} false ones in 1,000 steps or fewer: "
            f"{seen}; record more successes and failures, or allow more with --max-false-per-1000"
        )
    most = max(c.recall for c in allowed)
    best = [c for c in allowed if c.recall == most]
    return min(best, key=lambda c: abs(c.threshold - 0.5))
