"""The picture of `benchmarks.tracking`."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.tracking_runs.follow import HIDDEN, Track
from benchmarks.tracking_runs.loss import GOOD_M
from benchmarks.tracking_runs.setup import Result
from robot.session.plots import GREY, HUMAN, POLICY

_LOOK = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlelocation": "left"}


def figure(results: Sequence[Result]) -> Figure:
    """Error over an episode, error over the object's size in the image, and an episode with a cover."""
    with mpl.rc_context(_LOOK):
        picture = Figure(figsize=(12.0, 3.6), layout="constrained")
        over_time, over_size, covered = picture.subplots(1, 3)
        plain = [r for r in results if r.trouble == "none" and r.cell == "ideal"]
        _over_time(over_time, next(r for r in plain if (r.cameras, r.size) == ("front", 128)))
        _over_size(over_size, [r for r in plain if r.cameras == "front" and r.tracks])
        _covered(covered, next(r for r in results if r.is_covered).tracks[0])
    return picture


def _over_time(axes: Axes, result: Result) -> None:
    for i, track in enumerate(result.tracks):
        label = "one episode each" if i == 0 else None
        axes.plot(_mm(track), color=GREY, alpha=0.5, linewidth=0.8, label=label)
    held = [t.by.index("held") for t in result.tracks if "held" in t.by]
    axes.axvspan(min(held), max(held), color=HUMAN, alpha=0.15, linewidth=0, label="grasps")
    _label(axes, "Grasp point, one camera of 128 px", "control step")


def _over_size(axes: Axes, results: Sequence[Result]) -> None:
    ordered = sorted(results, key=lambda r: r.size)
    sizes = [float(np.mean([t.size_px for t in r.tracks])) for r in ordered]
    for q, colour, name in ((50, POLICY, "median"), (95, HUMAN, "95 %")):
        off = [np.nanpercentile(np.concatenate([_mm(t) for t in r.tracks]), q) for r in ordered]
        axes.plot(sizes, off, "o-", color=colour, label=name)
    for r, x in zip(ordered, sizes, strict=True):
        axes.annotate(f"{r.size}", (x, 0), textcoords="offset points", xytext=(0, 3), ha="center", color=GREY)
    _label(axes, "The same, images of so many px", "object, px across")


def _covered(axes: Axes, track: Track) -> None:
    steps = np.arange(len(track.shown))
    where = track.shown < HIDDEN
    axes.fill_between(steps, 0, 1, where=where.tolist(), step="mid", color=GREY, alpha=0.25, linewidth=0,
                      transform=axes.get_xaxis_transform(), label="hidden")  # fmt: skip
    axes.plot(_mm(track), ".-", color=POLICY, label="point given")
    axes.axhline(1e3 * GOOD_M, color=HUMAN, linewidth=0.8, label="taken for wrong")
    _label(axes, "A forearm passes before it", "control step")


def _label(axes: Axes, title: str, x: str) -> None:
    axes.set(title=title, xlabel=x, ylabel="mm off", ylim=(0, None))
    axes.legend(frameon=False)


def _mm(track: Track) -> np.ndarray:
    return 1e3 * track.error_m
