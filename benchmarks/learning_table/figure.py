"""Learning curves from the rows alone: one panel a task, one colour an arm, a band over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from benchmarks.learning_table.aggregate import pooled
from benchmarks.learning_table.plan import ARMS, GRIDS, IMITATION, Grid
from benchmarks.learning_table.results import newest
from benchmarks.learning_table.row import Row
from robot.session.plots import GREY, STYLE, THOUSANDS, png

_COLORS = {
    "hilserl": "#b5477a",
    "rlpd": "#d98032",
    "residual": "#1f8a70",
    "residual_alone": "#86bfb0",
    "robust": "#3d5fa8",
}
_COLUMNS = 3


def write_figure(rows: Sequence[Row], path: Path) -> None:
    """Draw the newest session of every cell; without a learning one there is nothing to draw."""
    panels = _panels(list(newest(rows).values()))
    if panels:
        png(_figure(panels), path)


def success_curve(row: Row) -> tuple[np.ndarray, np.ndarray]:
    """Online steps [n] and success of the policy alone [n]: the base, every milestone, the end."""
    start = 0.0 if row.base is None else row.base.value
    points = [(0, start), *((m.online_steps, m.success.value) for m in row.milestones)]
    points.append((row.online_steps, row.final.value))
    return np.array([x for x, _ in points]), np.array([y for _, y in points])


def band(rows: Sequence[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, mean, lowest and highest [n] over seeds, straight lines between their points."""
    curves = list(map(success_curve, rows))
    end = min(x[-1] for x, _ in curves)
    grid = np.unique(np.concatenate([x[x <= end] for x, _ in curves]))
    values = np.array([np.interp(grid, x, y) for x, y in curves])
    return grid, values.mean(0), values.min(0), values.max(0)


def _panels(rows: Sequence[Row]) -> list[tuple[Grid, str, list[Row]]]:
    panels = [(g, t, [r for r in rows if (r.task, r.host) == (t, g.host)]) for g in GRIDS for t in g.tasks]
    return [p for p in panels if any(r.online_steps for r in p[2])]


def _figure(panels: Sequence[tuple[Grid, str, list[Row]]]) -> Figure:
    columns = min(_COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(3.4 * columns, 5.5), 2.7 * lines + 0.5), layout="constrained")
        grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
        for axes, (_, task, rows) in zip(grid.flat, panels, strict=False):
            _panel(axes, task, rows)
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        _legend(figure, [r for p in panels for r in p[2]])
    return figure


def _panel(axes: Axes, task: str, rows: Sequence[Row]) -> None:
    bases = [r.base for r in rows if r.arm == IMITATION and r.base is not None]
    if bases:
        axes.axhline(pooled(bases).value, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    end = max(r.online_steps for r in rows)
    learning = [a for a in _COLORS if any(r.arm == a for r in rows)]
    for place, arm in enumerate(learning):
        _arm(axes, [r for r in rows if r.arm == arm], _COLORS[arm], end * (1.02 + 0.025 * place))
    axes.set(title=task, ylim=(0, 1.04), xlim=(0, end * 1.12), xlabel="online steps")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(THOUSANDS)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _arm(axes: Axes, rows: Sequence[Row], color: str, at: float) -> None:
    x, mean, low, high = band(rows)
    axes.fill_between(x, low, high, color=color, alpha=0.16, linewidth=0)
    axes.plot(x, mean, color=color)
    finals = [r.final.value for r in rows]
    axes.plot([at, at], [min(finals), max(finals)], color=color, linewidth=1)
    axes.plot([at], [pooled([r.final for r in rows]).value], "o", color=color, markersize=5, clip_on=False)


def _legend(figure: Figure, rows: Sequence[Row]) -> None:
    arms = [a for a in _COLORS if any(r.arm == a for r in rows)]
    lines = [Line2D([], [], color=_COLORS[a], label=ARMS[a].label) for a in arms]
    lines.append(Line2D([], [], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="imitation alone"))
    lines.append(Line2D([], [], color=GREY, linestyle="", marker="o", label="last evaluation"))
    figure.legend(handles=lines, loc="outside upper left", ncols=min(len(lines), 3), frameon=False)
