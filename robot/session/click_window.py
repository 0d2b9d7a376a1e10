"""A window in which a person clicks the keypoints of a plan."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from policies.rewards.keypoints.clicked_points import ClickedPoints
from policies.rewards.operator_question import OperatorQuestion
from robot.core.errors import NudgeError
from robot.session.click_picture import ClickPicture

KEYS = "Enter: done · Backspace: back one click · Escape: leave it"


def has_display() -> bool:
    """Whether a window can be opened here."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def click_in_window(question: OperatorQuestion) -> ClickedPoints | None:
    """Open it and wait; None if it was closed without an answer. NudgeError without a window system."""
    from matplotlib import pyplot

    try:
        pyplot.switch_backend("TkAgg")
        window = ClickWindow(pyplot.figure("nudge reward click", figsize=(14, 7.6)), question)
    except Exception as error:  # whatever a toolkit says where it cannot start
        raise NudgeError(f"no window: {error}; click in the console: --console") from error
    with pyplot.rc_context({"keymap.back": []}):  # Backspace is ours
        pyplot.show()
    return window.clicked if window.done else None


class ClickWindow:
    """Takes the clicks and keys of a matplotlib figure."""

    def __init__(self, figure: Any, question: OperatorQuestion) -> None:
        self.clicked, self.done = ClickedPoints(question.top, question.side), False
        self._figure = figure
        self._picture = ClickPicture(figure, question.sentence, self.clicked)
        figure.text(0.5, 0.01, KEYS, ha="center")
        figure.canvas.mpl_connect("button_press_event", self._on_click)
        figure.canvas.mpl_connect("key_press_event", self._on_key)
        self._picture.draw()

    def _on_click(self, event: Any) -> None:
        camera = next((n for n, axes in self._picture.axes.items() if axes is event.inaxes), None)
        toolbar = self._figure.canvas.toolbar
        if camera is None or event.button != 1 or (toolbar is not None and toolbar.mode):  # a zoom, a pan
            return
        try:
            self.clicked.click(camera, np.array([event.xdata, event.ydata]))
            self._picture.draw()
        except NudgeError as error:
            self._picture.draw(str(error))

    def _on_key(self, event: Any) -> None:
        if event.key == "backspace":
            self.clicked.undo()
            self._picture.draw()
        elif event.key == "escape":
            self._close()
        elif event.key == "enter" and self.clicked.complete:
            self.done = True
            self._close()
        elif event.key == "enter":
            self._picture.draw("two points at least, each in both views: where to grasp, where it ends")

    def _close(self) -> None:
        from matplotlib import pyplot

        pyplot.close(self._figure)
