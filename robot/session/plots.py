"""The report's figures. Two colours carry the story (policy, human); everything else is grey."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from robot.session.headline import Headline, of_kind, of_stage
from robot.session.metrics import Row
from robot.session.progress import WINDOW
from robot.session.statistics import Rate, is_autonomous_success, rolling, rolling_interventions, unguided

POLICY, HUMAN, PLAN, GREY = "#1f8a70", "#d9822b", "#5b6ee1", "#888888"
DROVE = ("steps a\nhuman drove", HUMAN, "normal")
INK = "#010203"  # a colour nothing else has: inline SVG gets the page's text colour in its place
THOUSANDS = FuncFormatter(lambda v, _: f"{v:,.0f}")
STYLE = {
    **{"font.size": 10, "axes.edgecolor": INK, "axes.labelcolor": INK, "text.color": INK},
    **{"xtick.color": INK, "ytick.color": INK, "axes.spines.top": False, "axes.spines.right": False},
    **{"axes.linewidth": 0.6, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "svg.fonttype": "none"},
    **{"lines.linewidth": 1.8, "axes.titlesize": 11, "axes.titlelocation": "left", "svg.hashsalt": "nudge"},
}


def learning_curve(metrics: Sequence[Row], head: Headline, size: tuple[float, float] = (8.0, 3.9)) -> Figure:
    """Autonomous success and human share over online steps, with base, final and the step of 90 %."""
    episodes = of_stage(metrics, "online")
    with mpl.rc_context(STYLE):
        figure, axes = _figure(size)
        x = np.array([e["online_steps"] for e in episodes], float)
        end = max([float(head.online_steps), *x, 100.0])
        _curves(axes, episodes, x, end, head.final)
        _level(axes, head.base, end)
        _final(axes, head.final, end)
        _threshold(axes, head.online_steps_to_90)
        _weight_ticks(axes, episodes, x)
        axes.set(xlim=(0, end * 1.16), ylim=(-0.11, 1.06), xlabel="online steps on the robot")
        axes.set_xticks([v for v in MaxNLocator(7).tick_values(0, end) if 0 <= v <= end])
        axes.set_yticks(np.linspace(0, 1, 6))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.xaxis.set_major_formatter(THOUSANDS)
        axes.set_title(f"Success without help, trailing {WINDOW} episodes")
    return figure


def _curves(axes: Axes, episodes: Sequence[Row], x: np.ndarray, end: float, final: Rate) -> None:
    if not len(x):
        axes.text(0.5, 0.5, "no online episodes", color=GREY, ha="center", transform=axes.transAxes)
        return
    own = x[[not e.get("guided") for e in episodes]]
    auto = rolling([is_autonomous_success(e) for e in unguided(episodes)])
    human = rolling_interventions(episodes)
    marker = "o" if len(x) == 1 else ""
    axes.fill_between(x, human, color=HUMAN, alpha=0.15, linewidth=0)
    axes.plot(x, human, color=HUMAN, marker=marker)
    # Pale until the window is full: a mean over three episodes is not one over twenty.
    axes.plot(own[:WINDOW], auto[:WINDOW], color=POLICY, linewidth=2.4, alpha=0.35, marker=marker)
    axes.plot(own[WINDOW - 1 :], auto[WINDOW - 1 :], color=POLICY, linewidth=2.4)
    success = ("without help" + (f"\nfinal {final.successes}/{final.n}" if final.n else ""), POLICY, "bold")
    reached = [(float(auto[-1]), *success)] if len(auto) else []
    _name_ends(axes, end * 1.035, [*reached, (float(human[-1]), *DROVE)])


def _name_ends(axes: Axes, x: float, ends: list[tuple[float, str, str, str]]) -> None:
    low = 0.05
    for y, text, color, weight in sorted(ends):
        low = max(low, y)
        axes.text(x, low, text, color=color, weight=weight, va="center")
        low += 0.16  # two lines of text


def _level(axes: Axes, base: Rate, end: float) -> None:
    if base.n:
        axes.axhspan(*base.interval, xmax=1 / 1.16, color=GREY, alpha=0.10, linewidth=0)
        axes.plot([0, end], [base.value] * 2, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
        label = f"base alone {base.value:.0%}"
        below = base.value > 0.08  # there is room for the label
        y, va = (base.value - 0.015, "top") if below else (base.value + 0.015, "bottom")
        axes.text(end * 0.995, y, label, color=GREY, va=va, ha="right", size=9)


def _final(axes: Axes, final: Rate, end: float) -> None:
    if final.n:
        low, high = final.interval
        axes.plot([end * 1.012] * 2, [low, high], color=POLICY, linewidth=1.2)
        axes.plot([end * 1.012], [final.value], "o", color=POLICY, markersize=6)


def _threshold(axes: Axes, steps: int | None) -> None:
    if steps is not None:
        axes.plot([steps, steps], [0, 0.9], color=GREY, linewidth=0.8)
        axes.plot([steps], [0.9], "o", color=POLICY, markersize=5, markerfacecolor="white")
        axes.text(steps, 0.93, f"90% after {steps:,} steps ", ha="right", va="bottom", size=9)


def _weight_ticks(axes: Axes, episodes: Sequence[Row], x: np.ndarray) -> None:
    versions = np.array([e["weights_version"] for e in episodes])
    new = np.flatnonzero(np.diff(versions)) + 1 if len(versions) else np.array([], int)
    if len(new):
        axes.plot(x[new], np.full(len(new), -0.075), "|", color=GREY, markersize=6, markeredgewidth=0.8)
        axes.text(float(x[new[-1]]), -0.075, "   new weights", color=GREY, size=8, va="center")


def lines(
    metrics: Sequence[Row], title: str, series: dict[str, tuple[str, str]], log: bool = False
) -> Figure | None:
    """Learner values over learner steps; series: key of the row -> (label, colour). None without any."""
    rows = of_kind(metrics, "learner")
    drawn = {k: _finite(rows, "learner_step", k) for k in series}
    drawn = {k: xy for k, xy in drawn.items() if len(xy[0])}
    if not drawn:
        return None
    with mpl.rc_context(STYLE):
        figure, axes = _figure((5.2, 2.9))
        for key, (x, y) in drawn.items():
            axes.plot(x, y, color=series[key][1], label=series[key][0])
        axes.set(title=title, xlabel="learner updates", yscale="log" if log else "linear")
        _end_labels(axes)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(THOUSANDS)
    return figure


def bc_loss(metrics: Sequence[Row]) -> Figure | None:
    """The imitation loss over gradient steps; None if there was no imitation stage."""
    x, y = _finite(of_kind(metrics, "bc"), "step", "loss")
    if not len(x):
        return None
    with mpl.rc_context(STYLE):
        figure, axes = _figure((5.2, 2.9))
        axes.plot(x, y, color=POLICY)
        axes.set(title="Imitation loss", xlabel="gradient steps", yscale="log")
    return figure


def episode_lengths(metrics: Sequence[Row]) -> Figure | None:
    """Steps of every online episode: alone, with help, failed. None without online episodes."""
    episodes = of_stage(metrics, "online")
    if not episodes:
        return None
    groups = {
        "alone": (POLICY, [(i, e["steps"]) for i, e in enumerate(episodes, 1) if is_autonomous_success(e)]),
        "with help": (
            *(HUMAN,),
            [(i, e["steps"]) for i, e in enumerate(episodes, 1) if e["success"] and e["interventions"]],
        ),
        "with a plan": (
            *(PLAN,),
            [(i, e["steps"]) for i, e in enumerate(episodes, 1) if e["success"] and e.get("guided")],
        ),
        "failed": (GREY, [(i, e["steps"]) for i, e in enumerate(episodes, 1) if not e["success"]]),
    }
    with mpl.rc_context(STYLE):
        figure, axes = _figure((5.2, 2.9))
        for name, (color, points) in groups.items():
            axes.plot(*np.array(points or [(np.nan, np.nan)]).T, "o", color=color, markersize=4, label=name)
        axes.set(title="Episode length", xlabel="online episode", ylabel="steps")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, ncols=4, loc="lower left", handletextpad=0.1, columnspacing=1, fontsize=9)
    return figure


def histogram(row: Row, title: str) -> Figure:
    """A latency histogram with its median and 99th percentile marked."""
    edges, counts = np.asarray(row["edges_ms"], float), np.asarray(row["counts"], float)
    with mpl.rc_context(STYLE):
        figure, axes = _figure((5.2, 2.6))
        axes.stairs(counts, edges, fill=True, color=POLICY, alpha=0.55)
        for share, name in ((0.5, "p50"), (0.99, "p99")) if counts.sum() else ():
            at = percentile(edges, counts, share)
            axes.axvline(at, color=INK, linewidth=0.8)
            axes.text(at, counts.max() * 1.02, f" {name} {at:.1f} ms", size=9, va="bottom")
        used = np.flatnonzero(counts)
        right = edges[min(used[-1] + 2, len(edges) - 1)] if len(used) else edges[-1]
        axes.set(
            title=title, xlabel="ms", xlim=(edges[0], right * 1.15), ylim=(0, max(counts.max(), 1) * 1.18)
        )
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return figure


def percentile(edges: np.ndarray, counts: np.ndarray, share: float) -> float:
    """The value below which ``share`` of a histogram lies, linear inside a bin."""
    total = np.concatenate([[0.0], np.cumsum(counts)])
    return float(np.interp(share * total[-1], total, edges))


def svg(figure: Figure) -> str:
    """Inline SVG that takes the page's font and text colour."""
    out = io.StringIO()
    figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.getvalue()[out.getvalue().index("<svg") :]
    return re.sub(r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', r"\1", text, count=1).replace(
        INK, "currentColor"
    )


def png(figure: Figure, path: Path) -> None:
    """A file for the README: white ground, so that it reads on any page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160, facecolor="white")


def _figure(size: tuple[float, float]) -> tuple[Figure, Axes]:
    # Figure, not pyplot: no global state, and nothing to close.
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.add_subplot()


def _finite(rows: Sequence[Row], x: str, y: str) -> tuple[np.ndarray, np.ndarray]:
    points: list[tuple[Any, Any]] = [
        (r[x], r[y]) for r in rows if r.get(x) is not None and r.get(y) is not None
    ]
    array = np.array(points, float).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _end_labels(axes: Axes) -> None:
    # Each label stands where its curve ends, pushed up from the one below so that they never overlap.
    axes.autoscale_view()  # else the limits are not known before the figure is drawn
    to_axes, low = axes.transScale + axes.transLimits, -1.0
    ends = [(float(to_axes.transform(np.asarray(c.get_xydata())[-1])[1]), c) for c in axes.get_lines()]
    for height, curve in sorted(ends, key=lambda e: e[0]):
        name = str(curve.get_label())
        low = max(height, low)
        where: dict[str, Any] = {"transform": axes.transAxes, "va": "center", "color": curve.get_color()}
        axes.text(1.01, low, name, **where)
        low += 0.1 * (1 + name.count("\n"))
