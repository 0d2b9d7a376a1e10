"""A scene's two views with rulers, the points clicked so far, and where the next one can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from policies.rewards.keypoints.clicked_points import ClickedPoints, point_names
from policies.rewards.keypoints.lift import LiftedPoint
from policies.rewards.keypoints.question import View

_PLACED, _HALF = "#d62728", "#1f57d6"  # clicked in both views, in the top view alone
_HEIGHTS_M = np.linspace(0.0, 0.4, 41)  # of the line in the side view that a click in the top view allows


class ClickPicture:
    """Draws into a matplotlib figure of its own making.

    Args:
        figure: empty.
        sentence: what the plan is for.
        clicked: what is shown; `draw` shows it as it is then.
    """

    def __init__(self, figure: Any, sentence: str, clicked: ClickedPoints) -> None:
        self._figure, self._sentence, self._clicked = figure, sentence, clicked
        self.axes = {v.name: figure.add_subplot(1, 2, i + 1) for i, v in enumerate(_views(clicked))}
        figure.subplots_adjust(left=0.03, right=0.99, bottom=0.08, top=0.88, wspace=0.08)

    def draw(self, said: str = "") -> None:
        """All anew; ``said`` is what was wrong with the last click."""
        self._figure.suptitle(f"{self._sentence}\n{said or instruction(self._clicked)}", wrap=True)
        for view in _views(self._clicked):
            self._draw_view(view)
        self._figure.canvas.draw_idle()

    def _draw_view(self, view: View) -> None:
        axes = self.axes[view.name]
        limits = axes.axis() if axes.images else None  # keep what a person has zoomed into
        axes.clear()
        axes.imshow(view.frame, interpolation="nearest")
        axes.set_title(view.name + (" - click here" if view is self._clicked.next_view else ""))
        axes.minorticks_on()
        axes.grid(which="major", color="white", alpha=0.25, linewidth=0.6)
        if view is self._clicked.side and self._clicked.pending is not None:
            line = sight_line(self._clicked.top, self._clicked.pending, view)
            axes.plot(*line.T, color="yellow", linewidth=1)
        elif view is self._clicked.side and self._clicked.placed:
            upright = self._clicked.upright()
            seen = np.where(view.camera.sees(upright)[:, None], view.camera.project(upright), np.nan)
            axes.plot(*seen.T, ":", color="yellow", linewidth=1)
        self._mark_points(axes, view)
        axes.axis(limits or (-0.5, view.camera.width - 0.5, view.camera.height - 0.5, -0.5))

    def _mark_points(self, axes: Any, view: View) -> None:
        for name, pixels in self._clicked.pointed_at().items():
            _mark(axes, pixels[view.name], name, _PLACED)
        if view is self._clicked.top and self._clicked.pending is not None:
            name = point_names(len(self._clicked.placed) + 1)[-1]
            _mark(axes, self._clicked.pending, name, _HALF)


def instruction(clicked: ClickedPoints) -> str:
    """What a person does next."""
    view, number = clicked.next_view.name, len(clicked.placed) + 1
    if clicked.pending is not None:
        return f"now the same point in {view}, on the yellow line"
    last = _place(clicked.placed[-1].lifted) + "; " if clicked.placed else ""
    if number == 1:
        return f"click where to grasp, in {view}"
    above = f"in {view}, or straight above on the dotted line in {clicked.side.name}"
    if number == 2:
        return f"{last}click what to pass next, or where it ends, {above}"
    return f"{last}Enter: that is all; else the next point {above}"


def sight_line(top: View, pixel: np.ndarray, side: View) -> np.ndarray:
    """Pixels [N, 2] of the side view that a pixel of the top view can be, from 0 to 40 cm up; NaN outside."""
    origin, directions = top.camera.rays(pixel)
    steep = abs(directions[0, 2]) > 1e-6
    scale = (_HEIGHTS_M - origin[2]) / directions[0, 2] if steep else np.linspace(0.05, 2.0, 41)
    points = origin + scale[:, None] * directions[0]
    return np.where(side.camera.sees(points)[:, None], side.camera.project(points), np.nan)


def _place(point: LiftedPoint) -> str:
    x, y, z = 1000 * point.point_m
    return f"at x {x:.0f}, y {y:.0f}, z {z:.0f} mm (within {1000 * point.std_m:.0f})"


def _mark(axes: Any, pixel: np.ndarray, name: str, colour: str) -> None:
    axes.plot(*pixel, "+", color=colour, markersize=12, markeredgewidth=1.5)
    axes.annotate(name, pixel, (10, 10), textcoords="offset points", color="white", backgroundcolor=colour)


def _views(clicked: ClickedPoints) -> tuple[View, View]:
    return clicked.top, clicked.side
