"""The numbers of a whole test, with intervals that respect that a scene's questions are alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from policies.rewards.grounding.bench.record import NO_ANSWER, BenchRecord
from policies.rewards.grounding.verdict import AnswerKind

RESAMPLES = 1000
PCK_PX = (5, 10, 20)
_HIDDEN = (AnswerKind.RIGHTLY_HIDDEN.value, AnswerKind.INVENTED.value)
Statistic = Callable[[Sequence[BenchRecord]], float | None]


def summarise(records: Sequence[BenchRecord]) -> dict[str, Any]:
    """Statistics of all records, each {value, low, high} with a 95 % interval, then by task and by camera.

    PCK and in-mask rates are of every question about a visible thing: no answer, and one that cannot be read,
    count against the model. Pixel and metric errors are of the answers that point somewhere.
    """
    return {
        "questions": len(records),
        "scenes": len({(r.task, r.seed) for r in records}),
        "kinds": dict(Counter(r.kind for r in records)),
        "failures": dict(Counter(r.failure for r in records if r.failure)),
        **{name: interval(records, statistic) for name, statistic in STATISTICS.items()},
        "latency_p50_s": _percentile([r.latency_s for r in records], 50),
        "latency_p90_s": _percentile([r.latency_s for r in records], 90),
        "input_tokens": sum(r.input_tokens for r in records),
        "output_tokens": sum(r.output_tokens for r in records),
        "by_task": _by(records, "task"),
        "by_camera": _by(records, "camera"),
    }


def interval(records: Sequence[BenchRecord], statistic: Statistic) -> dict[str, float | None]:
    """The value, and its 2.5th and 97.5th percentile over resampled scenes (percentile bootstrap, Efron).

    Scenes are drawn, not questions: the views of one scene share what makes them hard.
    """
    scenes: dict[Any, list[BenchRecord]] = defaultdict(list)
    for record in records:
        scenes[record.task, record.seed].append(record)
    groups, rng = list(scenes.values()), np.random.default_rng(0)
    drawn = rng.integers(0, len(groups), (RESAMPLES, len(groups))) if groups else np.empty((0, 0), int)
    values = [statistic([r for i in draw for r in groups[i]]) for draw in drawn]
    known = [v for v in values if v is not None]
    low, high = np.percentile(known, (2.5, 97.5)) if known else (None, None)
    return {"value": statistic(records), "low": _number(low), "high": _number(high)}


def _rate(good: Callable[[BenchRecord], bool], among: Callable[[BenchRecord], bool]) -> Statistic:
    def rate(records: Sequence[BenchRecord]) -> float | None:
        flags = [good(r) for r in records if among(r)]
        return float(np.mean(flags)) if flags else None

    return rate


def _error(percent: float, name: str) -> Statistic:
    return lambda records: _percentile([getattr(r, name) for r in records], percent)


def _within(limit_px: float) -> Callable[[BenchRecord], bool]:
    return lambda r: r.error_px is not None and r.error_px <= limit_px


def _is_visible(record: BenchRecord) -> bool:
    return record.visible


def _was_answered(record: BenchRecord) -> bool:
    return record.kind != NO_ANSWER


def _is(kind: AnswerKind) -> Callable[[BenchRecord], bool]:
    return lambda r: r.kind == kind.value


STATISTICS: dict[str, Statistic] = {
    "error_px_median": _error(50, "error_px"),
    "error_px_p90": _error(90, "error_px"),
    "error_mm_median": _error(50, "error_mm"),
    "error_mm_p90": _error(90, "error_mm"),
    **{f"pck_{px}px": _rate(_within(px), _is_visible) for px in PCK_PX},
    "in_mask": _rate(_is(AnswerKind.HIT), _is_visible),
    "wrong_axis": _rate(_is(AnswerKind.WRONG_AXIS), _is_visible),
    "format_failures": _rate(_is(AnswerKind.UNREADABLE), _was_answered),
    "no_answer": _rate(lambda r: r.kind == NO_ANSWER, lambda r: True),
    "hidden_recognised": _rate(_is(AnswerKind.RIGHTLY_HIDDEN), lambda r: r.kind in _HIDDEN),
}


def _by(records: Sequence[BenchRecord], name: str) -> dict[str, dict[str, float | None]]:
    """The plain values for each task or camera."""
    shown = ("error_px_median", "pck_10px", "in_mask")
    groups = {key: [r for r in records if getattr(r, name) == key] for key in _keys(records, name)}
    return {key: {s: STATISTICS[s](group) for s in shown} for key, group in groups.items()}


def _keys(records: Sequence[BenchRecord], name: str) -> list[str]:
    return sorted({getattr(r, name) for r in records})


def _percentile(values: Sequence[float | None], percent: float) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.percentile(known, percent)) if known else None


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
