"""Statistics over the scenes, and the tables of `benchmarks.keypoints`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.keypoint_scenes.measure import POINTINGS
from policies.rewards.grounding.bench.bootstrap import bootstrap

Scene = Mapping[str, Any]
WHAT = {
    "pixel": "pixel error, px",
    "views 2": "3-D from wrist + front, mm",
    "views 3": "3-D from all three, mm",
    "depth": "3-D from one view's depth, mm",
    "height": "3-D from one view and the known height, mm",
}


def statistics(scenes: Sequence[Scene]) -> dict[str, Any]:
    """Of every pointing and way to lift: how many, refused, median, 90th percentile; and of candidates."""
    errors = {p: {w: _errors(scenes, p, w) for w in WHAT} for p in POINTINGS}
    places = sorted({(s["segmenter"], s["camera"]) for scene in scenes for s in scene["searched"]})
    found = {f"{segmenter}, {camera}": _candidates(scenes, segmenter, camera) for segmenter, camera in places}
    return {"errors": errors, "by_task": _by_task(scenes), "candidates": found}


def markdown(result: Mapping[str, Any]) -> str:
    """The tables, with where they come from."""
    quick = " (quick)" if result["quick"] else ""
    head = (
        f"# Keypoints against the twin's truth{quick}\n\n"
        f"{result['date']}, commit {result['commit']}, {result['machine']}; {result['scenes']} randomised "
        f"scenes of {', '.join(result['tasks'])}, frames of {result['size']} px, seeds from "
        f"{result['first_seed']}; {result['versions']}.\n\n"
        f"Replies are written and read as {result['format']} (0 to 1000, to a tenth: that rounding is the "
        "oracle's error). Noise is normal on each axis. Cameras and depth are the twin's "
        "exact ones. 95 % intervals: bootstrap over scenes. *Refused*: the lift said that it cannot place "
        "the point."
    )
    return (
        "\n\n".join([head, _error_table(result["errors"]), _task_table(result["by_task"]), _found(result)])
        + "\n"
    )


def _errors(scenes: Sequence[Scene], pointing: str, what: str) -> dict[str, Any]:
    rows = _chosen(scenes, lambda m: m["pointing"] == pointing and m["what"] == what)
    kept = [np.array([e for e in group if e is not None]) for group in rows]
    kept = [group for group in kept if len(group)]
    return {
        "n": sum(map(len, kept)),
        "refused": sum(map(len, rows)) - sum(map(len, kept)),
        "median": bootstrap(kept, np.median),
        "p90": bootstrap(kept, lambda v: np.percentile(v, 90)),
    }


def _chosen(scenes: Sequence[Scene], wanted: Callable[[Mapping[str, Any]], bool]) -> list[list[float | None]]:
    groups = [[m["error"] for m in scene["measured"] if wanted(m)] for scene in scenes]
    return [group for group in groups if group]


def _by_task(scenes: Sequence[Scene]) -> dict[str, dict[str, float | None]]:
    """Medians of the noisiest pointing."""
    groups: dict[str, list[Scene]] = defaultdict(list)
    for scene in scenes:
        groups[scene["task"]].append(scene)
    last = list(POINTINGS)[-1]
    return {t: {w: _errors(own, last, w)["median"]["value"] for w in WHAT} for t, own in groups.items()}


def _candidates(scenes: Sequence[Scene], segmenter: str, camera: str) -> dict[str, Any]:
    rows = [
        s
        for scene in scenes
        for s in scene["searched"]
        if (s["segmenter"], s["camera"]) == (segmenter, camera)
    ]
    on = [np.repeat([1.0, 0.0], [s["on_things"], s["candidates"] - s["on_things"]]) for s in rows]
    seen = [np.array([float(s["main_found"])]) for s in rows if s["main_seen"]]
    return {
        "views": len(rows),
        "candidates": sum(s["candidates"] for s in rows),
        "in_mask": bootstrap([g for g in on if len(g)], np.mean),
        "main_seen": len(seen),
        "main_found": bootstrap(seen, np.mean),
    }


def _error_table(errors: Mapping[str, Mapping[str, Any]]) -> str:
    lines = [
        (
            f"{p}",
            title,
            f"{e['n']}",
            f"{e['refused']}",
            _span(e["median"], "{:.2f}"),
            _span(e["p90"], "{:.2f}"),
        )
        for what, title in WHAT.items()
        for p, e in ((p, errors[p][what]) for p in errors)
    ]
    return _table(("pointing", "error", "n", "refused", "median", "90th percentile"), lines)


def _task_table(by_task: Mapping[str, Mapping[str, float | None]]) -> str:
    head = f"Medians by task, {list(POINTINGS)[-1]}:"
    lines = [(t, *("-" if v is None else f"{v:.1f}" for v in own.values())) for t, own in by_task.items()]
    return head + "\n\n" + _table(("task", *WHAT.values()), lines)


def _found(result: Mapping[str, Any]) -> str:
    lines = [
        (
            place,
            f"{c['candidates']}",
            _span(c["in_mask"], "{:.1%}"),
            f"{c['main_seen']}",
            _span(c["main_found"], "{:.1%}"),
        )
        for place, c in result["candidates"].items()
    ]
    head = (
        "Candidate points of the two segmenters: how many lie on a thing (the arm and the cable included) "
        "and not on table or sky (glass counts as what is behind it), and in how many of the views that show "
        "the task's own thing it has one."
    )
    columns = ("segmenter, view", "candidates", "on a thing", "views with the thing", "thing has a candidate")
    return head + "\n\n" + _table(columns, lines)


def _span(found: Mapping[str, float | None], form: str) -> str:
    value, low, high = found["value"], found["low"], found["high"]
    if value is None or low is None or high is None:
        return "-"
    return f"{form.format(value)} ({form.format(low)} to {form.format(high)})"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
