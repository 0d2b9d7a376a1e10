"""A success classifier's measurement as a table for people and as plain data for machines."""

from __future__ import annotations

import math
from typing import Any

from policies.rewards.classifier.curve import Counts
from policies.rewards.classifier.measuring import Measured
from robot.session.statistics import wilson


def table(m: Measured) -> str:
    """Precision, recall and false positives with their 95 % intervals, and calibration."""
    rows = [
        f"on {m.episodes_n} episodes it was not trained on, at threshold {m.frames.threshold:.3f} "
        "(95 % intervals in brackets):",
        f"{'':22}{'precision':>28}{'recall':>28}{'false in 1,000 steps':>28}",
        _row("each frame alone", m.frames),
        _row(f"gated, {m.held_steps} frames held", m.episodes),
        f"calibration error (ECE, 15 bins): {m.ece_raw:.4f} raw, {m.ece:.4f} calibrated",
    ]
    return "\n".join(rows)


def numbers(m: Measured) -> dict[str, Any]:
    """The same as plain data; what is not defined, such as the recall without a success, is None."""
    return {
        "episodes": m.episodes_n,
        "threshold": m.frames.threshold,
        "held_steps": m.held_steps,
        "frames": _counts(m.frames),
        "gated": _counts(m.episodes),
        "ece_raw": m.ece_raw,
        "ece": m.ece,
        "gated_curve": [{"threshold": c.threshold, **_counts(c)} for c in m.episode_curve],
    }


def _row(name: str, c: Counts) -> str:
    called = c.true_positives + c.false_positives
    low, high = (1000 * x for x in wilson(c.false_positives, c.steps))
    false = f"{c.false_per_1000:.2f} [{low:.2f}, {high:.2f}]"
    precision, recall = _share(c.true_positives, called), _share(c.true_positives, c.successes)
    return f"{name:22}{precision:>28}{recall:>28}{false:>28}"


def _share(k: int, n: int) -> str:
    if n == 0:
        return "none"
    low, high = wilson(k, n)
    return f"{k}/{n} {k / n:.1%} [{low:.0%}, {high:.0%}]"


def _counts(c: Counts) -> dict[str, Any]:
    return {
        "precision": _defined(c.precision),
        "recall": _defined(c.recall),
        "false_per_1000": _defined(c.false_per_1000),
        "true_positives": c.true_positives,
        "false_positives": c.false_positives,
        "successes": c.successes,
        "steps": c.steps,
    }


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else value
