"""Go or no-go: each number against its threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from policies.rewards.check.evidence import Evidence
from policies.rewards.shaping.rank_order import rank_order
from robot.core.errors import NudgeError

VERSIONS = ("reversed", "stalled", "loitering")
FEWEST_EACH = 3  # successes, and failures
WITH_TIME = 0.5  # Spearman, mean of the successes: people pause and correct themselves
WITH_PROGRESS = 0.5
LATE = 0.5  # a plan that ends in the wrong place rises on the way to the object, and no more after it
AUC = 0.75  # 0.5 is chance
FALSE_POSITIVES = 0.25  # by chance it is 0.5
WORSE_SHARE = 0.95  # of the successes that must pay more than a bad version of themselves
LOOP = 0.01  # of a success's 1, where an exact potential pays nothing or less


@dataclass(frozen=True)
class Criterion:
    """One number against what it has to be."""

    name: str
    value: float
    bound: Literal["at least", "at most"]
    threshold: float
    meaning: str

    @property
    def passed(self) -> bool:
        """Whether it is good enough."""
        at_least = self.bound == "at least"
        return self.value >= self.threshold if at_least else self.value <= self.threshold


@dataclass(frozen=True)
class Verdict:
    """All numbers; ``go`` if every one of them passes."""

    successes: int
    failures: int
    criteria: tuple[Criterion, ...]
    returns: dict[str, float]  # mean over the successes: "true" and each version
    dense_returns: dict[str, float]

    @property
    def go(self) -> bool:
        """Whether to train with it."""
        return all(c.passed for c in self.criteria)


def judge(evidence: Sequence[Evidence]) -> Verdict:
    """The verdict on what some episodes showed; NudgeError where they are too few."""
    good, bad = [e for e in evidence if e.success], [e for e in evidence if not e.success]
    if min(len(good), len(bad)) < FEWEST_EACH:
        raise NudgeError(
            f"got {len(good)} successes and {len(bad)} failures that a plan can score, want at least "
            f"{FEWEST_EACH} of each; record more with `nudge train` and a dense rule, or use a longer run"
        )
    criteria = (*_correlations(good), *_orders(good, bad), *_versions(good))
    means = [_means([getattr(e, part) for e in good]) for part in ("returns", "dense_returns")]
    return Verdict(len(good), len(bad), criteria, *means)


def _correlations(good: Sequence[Evidence]) -> list[Criterion]:
    time = float(np.mean([e.with_time for e in good]))
    found = [Criterion("rank with time", time, "at least", WITH_TIME, "labels rise along a success")]
    late, why = float(np.mean([e.late for e in good])), "labels still rise in a success's last third"
    found.append(Criterion("rank in the last third", late, "at least", LATE, why))
    known = [e.with_progress for e in good if e.with_progress is not None]
    if known:
        told = "labels rise with what was really reached"
        found.append(Criterion("rank with progress", float(np.mean(known)), "at least", WITH_PROGRESS, told))
    return found


def _orders(good: Sequence[Evidence], bad: Sequence[Evidence]) -> list[Criterion]:
    best, worst = np.array([e.best for e in good]), np.array([e.best for e in bad])
    false = float(np.mean(worst > np.median(best)))
    told = "a failure's best label is below a success's"
    return [
        Criterion("AUC", rank_order(best, worst), "at least", AUC, told),
        Criterion(
            "false positives", false, "at most", FALSE_POSITIVES, "failures above the successes' median"
        ),
    ]


def _versions(good: Sequence[Evidence]) -> list[Criterion]:
    found = [
        Criterion(
            f"true above {name}",
            float(np.mean([e.returns["true"] > e.returns[name] for e in good])),
            "at least",
            WORSE_SHARE,
            f"successes that pay more than {name}",
        )
        for name in VERSIONS
    ]
    most = max(e.loop_return for e in good)
    return [*found, Criterion("loop return", most, "at most", LOOP, "a loop over the middle pays nothing")]


def _means(returns: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([r[name] for r in returns])) for name in ("true", *VERSIONS)}
