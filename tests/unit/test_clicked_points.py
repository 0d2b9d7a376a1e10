"""Clicking keypoints: what a click means, and the window and the console that take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backend_bases import KeyEvent, MouseButton, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from policies.rewards.keypoints import clicked_points
from policies.rewards.keypoints.clicked_points import ClickedPoints, point_names
from policies.rewards.keypoints.lift import LiftError
from policies.rewards.operator_question import OperatorDesk, OperatorQuestion
from robot.session.click_console import PICTURE, type_in_console
from robot.session.click_picture import sight_line
from robot.session.click_window import ClickWindow
from tests.unit import reward_scene as scene

GRASP, TARGET = scene.RED, scene.RED + np.array([0.0, 0.0, 0.1])


@pytest.fixture
def asked() -> OperatorQuestion:
    question = scene.question()
    return OperatorQuestion(question.top, question.side, "lift the red square", "no server")


def at(asked: OperatorQuestion, camera: str, point: np.ndarray) -> np.ndarray:
    return asked.cameras[camera].project(point)[0]


def clicked(asked: OperatorQuestion, *points: np.ndarray) -> ClickedPoints:
    made = ClickedPoints(asked.top, asked.side)
    for point in points:
        for camera in ("top", "side"):
            made.click(camera, at(asked, camera, point))
    return made


def test_the_first_point_is_the_grasp_and_the_last_the_target() -> None:
    assert [point_names(n) for n in range(4)] == [
        [],
        ["grasp"],
        ["grasp", "target"],
        ["grasp", "via1", "target"],
    ]


def test_points_are_placed_as_they_are_clicked(asked: OperatorQuestion) -> None:
    made = clicked(asked, GRASP, TARGET)
    assert made.complete
    np.testing.assert_allclose([p.lifted.point_m for p in made.placed], [GRASP, TARGET], atol=1e-6)
    assert list(made.pointed_at()) == ["grasp", "target"]


def test_a_click_is_taken_back_one_at_a_time(asked: OperatorQuestion) -> None:
    made = clicked(asked, GRASP, TARGET)
    made.undo()
    assert (made.complete, made.next_view.name, len(made.placed)) == (False, "side", 1)
    made.undo()
    assert (made.next_view.name, made.pending) == ("top", None)
    for _ in range(5):
        made.undo()
    assert made.pointed_at() == {}


def test_clicks_that_cannot_be_are_refused_and_change_nothing(asked: OperatorQuestion) -> None:
    made = ClickedPoints(asked.top, asked.side)
    with pytest.raises(LiftError, match="click the point in top first"):
        made.click("side", np.array([10.0, 10.0]))
    with pytest.raises(LiftError, match="outside the 256x256 picture of top"):
        made.click("top", np.array([300.0, 10.0]))
    made.click("top", at(asked, "top", GRASP))
    with pytest.raises(LiftError, match="grasp: the views disagree"):
        made.click("side", at(asked, "side", GRASP) + np.array([60.0, 0.0]))
    assert made.next_view is asked.side
    made.click("side", at(asked, "side", GRASP))
    assert len(made.placed) == 1


def test_a_click_in_the_side_view_alone_is_straight_above_the_last_point(asked: OperatorQuestion) -> None:
    made = clicked(asked, GRASP)
    made.click("side", at(asked, "side", TARGET) + np.array([3.0, 0.0]))
    np.testing.assert_allclose(made.placed[-1].lifted.point_m, TARGET, atol=1e-3)
    assert made.complete
    with pytest.raises(LiftError, match="px off the dotted line straight above the last point"):
        made.click("side", at(asked, "side", GRASP) + np.array([40.0, 0.0]))
    assert len(made.placed) == 2
    made.undo()
    assert (len(made.placed), made.pending) == (1, None)  # nobody clicked it in the top view


def test_an_upright_click_that_cannot_be_lifted_is_not_taken(
    asked: OperatorQuestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = clicked(asked, GRASP)

    def refuse(*_: object) -> None:
        raise LiftError("the views disagree")

    monkeypatch.setattr(clicked_points, "lift_points", refuse)
    with pytest.raises(LiftError):
        made.click("side", at(asked, "side", TARGET))
    assert (len(made.placed), made.pending, made.next_view) == (1, None, asked.top)


def test_the_line_of_sight_goes_through_the_point_in_the_other_view(asked: OperatorQuestion) -> None:
    line = sight_line(asked.top, at(asked, "top", GRASP), asked.side)
    off = np.linalg.norm(line - at(asked, "side", GRASP), axis=1)
    assert np.nanmin(off) < 1e-6


class FakeMouse:
    """Clicks and presses keys in a window that is drawn, but on no screen."""

    def __init__(self, asked: OperatorQuestion) -> None:
        self._asked = asked
        self.figure = Figure(figsize=(14, 7.6))
        self.canvas = FigureCanvasAgg(self.figure)
        self.window = ClickWindow(self.figure, asked)
        self.canvas.draw()

    def click(self, camera: str, point: np.ndarray) -> None:
        axes = next(a for a in self.figure.axes if a.get_title().startswith(camera))
        x, y = axes.transData.transform(at(self._asked, camera, point))
        event = MouseEvent("button_press_event", self.canvas, x, y, MouseButton.LEFT)
        self.canvas.callbacks.process(event.name, event)
        self.canvas.draw()

    def press(self, key: str) -> None:
        event = KeyEvent("key_press_event", self.canvas, key)
        self.canvas.callbacks.process(event.name, event)

    @property
    def said(self) -> str:
        return self.figure.get_suptitle()


def test_the_window_takes_clicks_and_says_what_comes_next(asked: OperatorQuestion) -> None:
    mouse = FakeMouse(asked)
    assert "click where to grasp, in top" in mouse.said
    mouse.click("top", GRASP)
    assert "now the same point in side" in mouse.said
    mouse.click("side", GRASP)
    mouse.press("enter")
    assert "two points at least" in mouse.said
    mouse.click("top", GRASP)
    mouse.press("backspace")
    mouse.click("side", TARGET)
    assert "z 100 mm" in mouse.said
    mouse.press("enter")
    assert mouse.window.done
    np.testing.assert_allclose(
        [p.lifted.point_m for p in mouse.window.clicked.placed], [GRASP, TARGET], atol=1e-4
    )


def test_the_window_left_with_escape_answers_nothing(asked: OperatorQuestion) -> None:
    mouse = FakeMouse(asked)
    mouse.click("top", GRASP)
    mouse.press("escape")
    assert not mouse.window.done


def test_the_console_takes_pixels_beside_a_picture_with_rulers(
    asked: OperatorQuestion, tmp_path: Path
) -> None:
    top, side, above = at(asked, "top", GRASP), at(asked, "side", GRASP), at(asked, "side", TARGET)
    words = [f"{x:.2f}, {y:.2f}" for x, y in (top, side, above)]
    typed = iter(["five 6", "b", words[0], words[1], f"s {words[2]}", ""])
    said: list[str] = []
    made = type_in_console(asked, tmp_path, lambda _: next(typed), said.append)
    assert made is not None
    np.testing.assert_allclose([p.lifted.point_m for p in made.placed], [GRASP, TARGET], atol=1e-3)
    assert any("got 'five 6', want two numbers" in line for line in said)
    assert (tmp_path / PICTURE).stat().st_size > 10_000


def test_the_console_can_be_left(asked: OperatorQuestion, tmp_path: Path) -> None:
    assert type_in_console(asked, tmp_path, lambda _: "q", lambda _: None) is None


def test_a_question_comes_back_from_the_disk_as_it_was(asked: OperatorQuestion, tmp_path: Path) -> None:
    desk = OperatorDesk(tmp_path / "plans" / "asked")
    desk.ask(asked)
    back = desk.question()
    assert back is not None
    assert (back.sentence, back.why) == (asked.sentence, asked.why)
    assert dict(back.image_shas) == dict(asked.image_shas)
    assert [c.fingerprint for c in back.cameras.values()] == [c.fingerprint for c in asked.cameras.values()]
