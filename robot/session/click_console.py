"""Keypoints typed as pixels, where there is no window: over ssh, beside a picture with rulers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from policies.rewards.keypoints.clicked_points import ClickedPoints
from policies.rewards.operator_question import OperatorQuestion
from robot.core.errors import NudgeError
from robot.session.click_picture import ClickPicture, instruction

PICTURE = "rulers.png"
_KEYS = "b: back one click · q: leave it · s x y: straight above the last point, in the side view"


def type_in_console(
    question: OperatorQuestion, folder: Path, ask: Callable[[str], str] = input, say: Callable = print
) -> ClickedPoints | None:
    """Ask for one pixel after the other; None if the person left it (q, or the end of the input)."""
    clicked = ClickedPoints(question.top, question.side)
    say(f"{question.sentence}\n{_KEYS}\npicture with rulers: {folder / PICTURE}")
    while True:
        _save(question, clicked, folder / PICTURE)
        try:
            word = ask(f"{instruction(clicked)}, x y: ").strip().lower()
        except EOFError:
            return None
        if word == "q":
            return None
        if word == "" and clicked.complete:
            return clicked
        try:
            _take(clicked, word)
        except NudgeError as error:
            say(str(error))


def _take(clicked: ClickedPoints, word: str) -> None:
    if word == "b":
        return clicked.undo()
    above = word.startswith("s")
    try:
        x, y = (float(n) for n in word.removeprefix("s").replace(",", " ").split())
    except ValueError:
        raise NudgeError(f"got {word!r}, want two numbers: x y, in pixels from the top left") from None
    clicked.click(clicked.side.name if above else clicked.next_view.name, np.array([x, y]))


def _save(question: OperatorQuestion, clicked: ClickedPoints, path: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 8.6))
    ClickPicture(figure, question.sentence, clicked).draw()
    figure.savefig(path)
