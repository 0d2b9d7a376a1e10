"""The picture of a success classifier: what each threshold finds, and what it gets wrong."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, PercentFormatter

from policies.rewards.classifier.measuring import Measured
from robot.session.plots import GREY, HUMAN, POLICY, STYLE

_MARKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
_COUNTS = (0, 1, 10, 100, 1000)


def threshold_curve(m: Measured, task: str) -> Figure:
    """Left: precision and recall over the threshold. Right: false positives in 1,000 steps.

    Solid under the gate, an episode at a time; dotted for each frame alone. Both axes that spread over
    decades, thresholds and false successes, are drawn so.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        for curve, style in ((m.episode_curve, "-"), (m.frame_curve, ":")):
            x = _log_odds([c.threshold for c in curve])
            _plot(left, x, [c.recall for c in curve], POLICY, style)
            _plot(left, x, [c.precision for c in curve], HUMAN, style)
            _plot(right, x, [c.false_per_1000 for c in curve], HUMAN, style)
        for axes in (left, right):
            _threshold_axis(axes, m.frames.threshold)
        left.set(title=f"{task}: what is found, and what of it is true", ylim=(-0.03, 1.05))
        left.yaxis.set_major_formatter(PercentFormatter(1.0))
        right.set(title="False successes in 1,000 steps", yscale="symlog", ylim=(0, 1000))
        right.yaxis.set_major_locator(FixedLocator(_COUNTS))
        right.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        left.legend(["recall", "precision"], loc="center", edgecolor="none", framealpha=1)
        figure.supxlabel(_caption(m), size=9, color=GREY)
    return figure


def _plot(axes: Axes, x: np.ndarray, y: Sequence[float], color: str, style: str) -> None:
    axes.plot(x, y, color=color, linestyle=style, linewidth=2.2 if style == "-" else 1.4)


def _caption(m: Measured) -> str:
    return (
        f"{m.episodes_n} episodes held out. Solid: gated, {m.held_steps} frames held. "
        f"Dotted: each frame alone. Grey: the threshold chosen, {m.frames.threshold:.2f}."
    )


def _threshold_axis(axes: Axes, chosen: float) -> None:
    axes.axvline(float(_log_odds([chosen])[0]), color=GREY, linewidth=1)
    axes.xaxis.set_major_locator(FixedLocator(_log_odds(_MARKS).tolist()))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{1 / (1 + np.exp(-v)):.3g}"))
    axes.set_xlabel("threshold on the probability")


def _log_odds(p: Sequence[float]) -> np.ndarray:
    values = np.asarray(p, float)
    return np.log(values) - np.log1p(-values)
