"""The tables of `benchmarks.tracking`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from benchmarks.tracking_runs.loss import GOOD_M, Loss, loss
from benchmarks.tracking_runs.setup import Result

_MOTION = ("cameras", "px", "cell", "object, px", "followed", "steps with a point", "pixels off: median, p95",
           "mm off: median, p95, most", "ms a step")  # fmt: skip
_HIDDEN = ("cameras", "px", "hidden by", "episodes", "hidden steps", "to the first silent", "to lost",
           "points given, wrong ones", "back", "after clear steps", "wrong after")  # fmt: skip
_LOOSE = ("cameras", "px", "cube is", "episodes", "steps after", "without a point", "wrong",
          "first point after", "mm off in the end: median, most")  # fmt: skip


def motion(results: Sequence[Result]) -> str:
    """Whole episodes without trouble."""
    return _table(_MOTION, (_motion(r) for r in results if r.trouble == "none"))


def hidden(results: Sequence[Result]) -> str:
    """Episodes in which the object is hidden for a while."""
    return _table(_HIDDEN, (_hidden(r) for r in results if r.is_covered))


def loose(results: Sequence[Result]) -> str:
    """Episodes in which it leaves the hand."""
    return _table(_LOOSE, (_loose(r) for r in results if r.is_loose))


def _motion(result: Result) -> list[str]:
    tracks, head = result.tracks, [result.cameras, str(result.size), result.cell]
    if not tracks:
        return [*head, "", f"0 of {result.episodes}", *[""] * 4]
    error, pixel = (np.concatenate([getattr(t, n) for t in tracks]) for n in ("error_m", "pixel_error"))
    return [
        *head,
        f"{np.mean([t.size_px for t in tracks]):.0f}",
        f"{len(tracks)} of {result.episodes}",
        f"{np.isfinite(error).mean():.1%} of {len(error)}",
        ", ".join(f"{np.nanpercentile(pixel, q):.1f}" for q in (50, 95)),
        ", ".join(f"{1e3 * np.nanpercentile(error, q):.1f}" for q in (50, 95, 100)),
        f"{1e3 * np.mean([t.step_s for t in tracks]):.0f}",
    ]


def _hidden(result: Result) -> list[str]:
    found = [loss(t) for t in result.tracks]
    back = [x for x in found if x.recovered_after is not None]
    return [
        result.cameras,
        str(result.size),
        result.trouble,
        str(len(found)),
        str(_sum(found, "hidden_steps")),
        _middle_and_most([x.silent_after for x in found]),
        _middle_and_most([x.lost_after for x in found]),
        f"{_sum(found, 'false_steps')}, {_sum(found, 'wrong_steps')}",
        f"{len(back)} of {len(found)}",
        _middle_and_most([x.recovered_after for x in back]),
        str(_sum(found, "wrong_after_steps")),
    ]


def _loose(result: Result) -> list[str]:
    after = [t.error_m[np.flatnonzero(t.loose)] for t in result.tracks if t.loose.any()]
    ends = [1e3 * e[-1] for e in after if np.isfinite(e[-1])]
    return [
        result.cameras,
        str(result.size),
        result.trouble,
        str(len(after)),
        str(sum(len(e) for e in after)),
        str(sum(int(np.isnan(e).sum()) for e in after)),
        str(sum(int((np.nan_to_num(e) > GOOD_M).sum()) for e in after)),
        _middle_and_most([int(np.argmax(np.isfinite(e))) for e in after if np.isfinite(e).any()]),
        f"{np.median(ends):.1f}, {max(ends):.1f}; {len(ends)} of {len(after)}" if ends else "none",
    ]


def _sum(found: Sequence[Loss], name: str) -> int:
    return sum(getattr(x, name) for x in found)


def _middle_and_most(steps: Sequence[int | None]) -> str:
    known = [s for s in steps if s is not None]
    never = f"; {len(steps) - len(known)} never" if len(known) < len(steps) else ""
    return f"{np.median(known):g}, at most {max(known)}{never}" if known else "never"


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
