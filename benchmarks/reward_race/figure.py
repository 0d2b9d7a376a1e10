"""The race as pictures: a panel for each kind of model, success alone in all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from benchmarks.learning_table.figure import band
from benchmarks.learning_table.row import Row
from benchmarks.reward_race.arms import ARMS, SERVERS, SPARSE
from robot.session.plots import GREY, STYLE, THOUSANDS, png

_LOOKS = {
    "sparse": (GREY, "success alone"),
    "shaped": ("#1f8a70", "shaped, guided"),
    "unguided": ("#3d5fa8", "shaped, not guided"),
    "kagi": ("#b5477a", "KAGI's rule"),
}


def write_figure(rows: Sequence[Row], path: Path) -> None:
    """Draw the kinds of model that have a row; without one there is nothing to draw."""
    servers = [s for s in SERVERS if any(ARMS[r.arm].server == s for r in rows)]
    if servers:
        png(_figure(rows, servers), path)


def _figure(rows: Sequence[Row], servers: Sequence[str]) -> Figure:
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(3.0 * len(servers), 6), 3.2), layout="constrained")
        panels = figure.subplots(1, len(servers), squeeze=False, sharey=True)[0]
        for axes, server in zip(panels, servers, strict=True):
            _panel(axes, server, [r for r in rows if ARMS[r.arm].server in (None, server)])
        run = [kind for kind in _LOOKS if any(_kind(r.arm) == kind for r in rows)]
        looks = [(kind, *_LOOKS[kind]) for kind in run]
        lines = [Line2D([], [], color=color, ls=_dash(kind), label=told) for kind, color, told in looks]
        figure.legend(
            handles=lines, loc="outside upper left", ncols=2 if len(servers) < 4 else 4, frameon=False
        )
    return figure


def _panel(axes: Axes, server: str, rows: Sequence[Row]) -> None:
    for arm in (a for a in ARMS if any(r.arm == a for r in rows)):
        color, _ = _LOOKS[_kind(arm)]
        x, mean, low, high = band([r for r in rows if r.arm == arm])
        axes.fill_between(x, low, high, color=color, alpha=0.08 if arm == SPARSE.name else 0.16, linewidth=0)
        axes.plot(x, mean, color=color, ls=_dash(arm), zorder=3 if arm == SPARSE.name else 2)
    axes.set(title=f"{server} model", ylim=(-0.03, 1.04), xlabel="online steps")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(THOUSANDS)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _kind(arm: str) -> str:
    return arm.split("-")[0]


def _dash(arm: str) -> str:
    return "--" if arm == SPARSE.name else "-"  # on top, and what it equals is still seen
