"""What issue 4 asks of our speed, judged from the measurements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.peers.case import Case
from benchmarks.throughput_race import Row

PIXEL_RATIO, PIXEL_OVER_STATE, TWIN_STEPS_PER_S = 20.0, 2.0, 30.0


def targets(rows: Sequence[Row], steps_per_cpu_s: float) -> list[dict[str, Any]]:
    """Each target with what was wanted and got; CPU time of a full update on one thread."""
    pinned = [r for r in rows if r.case.one_thread]
    state = [r for r in pinned if not r.case.cameras]
    pixels = [r for r in pinned if r.case.cameras]
    judged = [_fastest(state, n) for n in dict.fromkeys(r.case.critics for r in state)]
    judged += [_times_ours(row, _ours(pixels, row.case)) for row in pixels if row.peer]
    ours = [r for r in pixels if not r.peer and r.case.batch == state[0].case.batch]
    judged += [_pixels_over_state(state, row) for row in ours]
    rate = "the twin's image steps a second of one core"
    return [
        *judged,
        _judged(rate, f"at least {TWIN_STEPS_PER_S:g}", steps_per_cpu_s, steps_per_cpu_s >= TWIN_STEPS_PER_S),
    ]


def _fastest(state: Sequence[Row], critics: int) -> dict[str, Any]:
    ours, *others = (r for r in state if r.case.critics == critics)
    peers = [r for r in others if r.peer]
    name, want = f"fastest peer over ours, state, {critics} critics", "at least 1"
    if unknown := [p.contestant for p in peers if p.missing]:
        return _unjudged(name, want, f"{', '.join(unknown)} not measured")
    ratio = min(map(_cpu, peers)) / _cpu(ours)
    return _judged(name, want, ratio, ratio >= 1.0)


def _times_ours(peer: Row, ours: Row) -> dict[str, Any]:
    name = f"{peer.contestant} over ours, two cameras, {peer.case.critics} critics, batch {peer.case.batch}"
    want = f"at least {PIXEL_RATIO:g}"
    if peer.missing:
        return _unjudged(name, want, f"{peer.contestant} not measured")
    ratio = _cpu(peer) / _cpu(ours)
    return _judged(name, want, ratio, ratio >= PIXEL_RATIO)


def _ours(rows: Sequence[Row], case: Case) -> Row:
    return next(r for r in rows if not r.peer and r.case == case)


def _pixels_over_state(state: Sequence[Row], seen: Row) -> dict[str, Any]:
    alike = {"cameras": 0, "state_size": state[0].case.state_size}
    ratio = _cpu(seen) / _cpu(_ours(state, replace(seen.case, **alike)))
    name = f"our update from two cameras over ours from state, {seen.case.critics} critics"
    return _judged(name, f"at most {PIXEL_OVER_STATE:g}", ratio, ratio <= PIXEL_OVER_STATE)


def _judged(name: str, want: str, got: float, met: bool) -> dict[str, Any]:
    return {"name": name, "want": want, "got": round(got, 2), "met": "yes" if met else "no"}


def _unjudged(name: str, want: str, why: str) -> dict[str, Any]:
    return {"name": name, "want": want, "got": why, "met": "not judged"}


def _cpu(row: Row) -> float:
    return row.operations["full"]["cpu_ms"]
