"""The numbers of a whole test, with intervals that respect that a scene's questions are alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from policies.rewards.grounding.bench.bootstrap import bootstrap
from policies.rewards.grounding.bench.record import NO_ANSWER, BenchRecord
from policies.rewards.grounding.verdict import AnswerKind

PCK_PX = (5, 10, 20)
Test = Callable[[BenchRecord], bool]


@dataclass(frozen=True)
class Statistic:
    """A number of each record (None: it does not count), and what is made of all of them."""

    number: Callable[[BenchRecord], float | None]
    over: Callable[[np.ndarray], Any]


def summarise(records: Sequence[BenchRecord]) -> dict[str, Any]:
    """Statistics of all records, each {value, low, high} with a 95 % interval, then by task and by camera.

    PCK and in-mask rates are of every question about a visible thing: no answer, and one that cannot be read,
    count against the model; hidden things likewise. Pixel and metric errors are of the answers that point
    somewhere.
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
    """Value and 95 % interval over scenes; see `bootstrap`."""
    scenes: dict[Any, list[float]] = defaultdict(list)
    for record in records:
        number = statistic.number(record)
        if number is not None:
            scenes[record.task, record.seed].append(number)
    return bootstrap([np.array(numbers) for numbers in scenes.values()], statistic.over)


def _rate(good: Test, among: Test) -> Statistic:
    return Statistic(lambda r: float(good(r)) if among(r) else None, np.mean)


def _error(percent: float, name: str) -> Statistic:
    return Statistic(lambda r: getattr(r, name), lambda values: np.percentile(values, percent))


def _within(limit_px: float) -> Test:
    return lambda r: r.error_px is not None and r.error_px <= limit_px


def _is_visible(record: BenchRecord) -> bool:
    return record.visible


def _was_answered(record: BenchRecord) -> bool:
    return record.kind != NO_ANSWER


def _is(kind: AnswerKind) -> Test:
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
    "hidden_recognised": _rate(_is(AnswerKind.RIGHTLY_HIDDEN), lambda r: not r.visible),
}


def _by(records: Sequence[BenchRecord], name: str) -> dict[str, dict[str, Any]]:
    """Some statistics for each task or camera."""
    shown = ("error_px_median", "pck_10px", "in_mask")
    keys = sorted({getattr(r, name) for r in records})
    groups = {key: [r for r in records if getattr(r, name) == key] for key in keys}
    return {key: {s: interval(group, STATISTICS[s]) for s in shown} for key, group in groups.items()}


def _percentile(values: Sequence[float | None], percent: float) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.percentile(known, percent)) if known else None
