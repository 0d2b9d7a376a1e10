"""Tiles, height lines, label places and the drawn pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.candidates import Candidate
from policies.rewards.keypoints.grid import Grid
from policies.rewards.keypoints.height_lines import HeightLines, NoHeightLine, line_px
from policies.rewards.keypoints.label_layout import TextBox, place_labels
from policies.rewards.keypoints.overlay import GRASPED, OTHER, draw_points, draw_side, draw_top
from robot.core import se3

SIDE = PinholeCamera(
    np.array([[160.0, 0.0, 63.5], [0.0, 160.0, 63.5], [0.0, 0.0, 1.0]]),
    np.zeros(5),
    128,
    128,
    # At x = 1, 0.2 m up, looking along -x: right is +y, down is -z.
    se3.transform([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, -1.0, 0.0]], [1.0, 0.0, 0.2]),
)
HEIGHTS = HeightLines.at([0.0, 0.05, 0.1], table_z_m=0.02)


def test_tiles_are_named_from_the_lower_left() -> None:
    grid = Grid()
    assert (grid.names[0], grid.names[4], grid.names[-1], len(grid.names)) == ("a1", "e1", "e5", 25)
    np.testing.assert_allclose(grid.corners_px("a1", (500, 250)), [[-0.5, 199.5], [99.5, 249.5]])
    np.testing.assert_allclose(grid.corners_px("c5", (500, 250)).mean(axis=0), [249.5, 24.5])
    with pytest.raises(ValueError, match="no tile 'f1'; want a1 to e5"):
        grid.corners_px("f1", (500, 250))
    with pytest.raises(ValueError, match="outside"):
        grid.tile_at(np.array([500.0, 0.0]), (500, 250))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 26), st.integers(1, 12), st.floats(0, 1), st.floats(0, 1))
def test_every_pixel_lies_in_the_tile_it_is_said_to(columns: int, rows: int, x: float, y: float) -> None:
    grid, size = Grid(columns, rows), (640, 480)
    pixel = np.array([x, y]) * size - 0.5
    low, high = grid.corners_px(grid.tile_at(pixel, size), size)
    assert ((pixel >= low - 1e-6) & (pixel <= high + 1e-6)).all()
    assert all(grid.tile_at(grid.corners_px(n, size).mean(axis=0), size) == n for n in grid.names)


def test_a_height_line_runs_through_what_is_that_high_there() -> None:
    pixels = line_px(SIDE, np.array([0.5, 0.1, 0.0]), HEIGHTS.z_m("h1"))
    np.testing.assert_allclose(pixels[:, 1], 63.5 + (0.2 - 0.07) / 0.5 * 160)
    assert pixels[0, 0] < 1
    assert pixels[-1, 0] > 126
    np.testing.assert_allclose(SIDE.project(np.array([0.5, -0.05, 0.07]))[0, 1], pixels[0, 1])


def test_heights_name_what_is_wrong() -> None:
    assert HEIGHTS.names == ("h0", "h1", "h2")
    assert HEIGHTS.lines[1].title == "h1: 5 cm"
    assert HEIGHTS.std_m("h1") == pytest.approx(0.05 / np.sqrt(12))
    with pytest.raises(ValueError, match="no height line 'h9'; want h0 to h2"):
        HEIGHTS.z_m("h9")
    with pytest.raises(ValueError, match="each above the last"):
        HeightLines.at([0.0, 0.1, 0.1])
    down = PinholeCamera(
        SIDE.K, SIDE.distortion, 128, 128, se3.transform(np.diag([1.0, -1.0, -1.0]), [0, 0, 1])
    )
    with pytest.raises(NoHeightLine, match="looks down"):
        line_px(down, np.zeros(3), 0.0)


def test_lines_that_the_camera_does_not_see_are_empty() -> None:
    assert line_px(SIDE, np.array([1.5, 0.0, 0.0]), 0.0).shape == (0, 2)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(20, 748), st.floats(20, 748)), min_size=1, max_size=14, unique=True))
def test_labels_cover_neither_each_other_nor_a_mark(places: list) -> None:
    marks = np.array(places)
    boxes = place_labels(marks, [(40.0, 28.0)] * len(marks), (768, 768), 6.0)
    assert len(boxes) == len(marks)
    for i, box in enumerate(boxes):
        assert box.outside_px((768, 768)) < 1e-6
        assert all(box.overlap_px(other) < 1e-6 for other in boxes[i + 1 :])
        assert all(box.overlap_px(TextBox(x - 6, y - 6, 12, 12)) < 1e-6 for x, y in marks)


def test_a_lone_label_is_beside_its_mark_and_keeps_off_what_is_taken() -> None:
    (near,) = place_labels(np.array([[100.0, 100.0]]), [(40.0, 20.0)], (400, 400), 6.0)
    assert np.linalg.norm(near.centre - 100) < 40
    taken = TextBox(100, 60, 80, 40)
    (off,) = place_labels(np.array([[100.0, 100.0]]), [(40.0, 20.0)], (400, 400), 6.0, [taken])
    assert off.overlap_px(taken) == 0
    assert place_labels(np.empty((0, 2)), [], (10, 10), 6.0) == ()


def test_marks_are_drawn_where_they_are_in_the_frame() -> None:
    frame = np.full((128, 128, 3), 120, np.uint8)
    marks = [Candidate("P1", 20.0, 30.0, 0), Candidate("Q1", 100.0, 90.0, 1)]
    picture = draw_top(frame, marks, Grid())
    assert picture.pixels.shape == (768, 768, 3)
    assert picture.image.sent_size == (768, 768)
    assert tuple(picture.pixels[round(30.5 * 6), round(20.5 * 6)]) == GRASPED
    assert tuple(picture.pixels[round(90.5 * 6), round(100.5 * 6)]) == OTHER
    assert (frame == 120).all()
    bgr = cv2.imdecode(np.frombuffer(picture.png, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(bgr, picture.pixels[..., ::-1])


def test_a_large_frame_keeps_its_size_and_no_grid_leaves_it_alone() -> None:
    frame = np.full((480, 1280, 3), 50, np.uint8)
    picture = draw_top(frame, [])
    np.testing.assert_array_equal(picture.pixels, frame)


def test_height_lines_are_drawn_at_their_rows_and_titles_stay_apart() -> None:
    picture = draw_side(np.zeros((128, 128, 3), np.uint8), SIDE, HEIGHTS, np.array([0.5, 0.0, 0.0]))
    rows = np.flatnonzero(picture.pixels[:, 600].any(axis=-1))
    wanted = [(63.5 + (0.2 - HEIGHTS.z_m(n)) / 0.5 * 160 + 0.5) * 6 - 0.5 for n in HEIGHTS.names]
    inside = [w for w in wanted if w < 768]
    assert all(np.abs(rows - w).min() < 1.5 for w in inside)
    crowded = HeightLines.at([0.0, 0.002, 0.004])
    crowd = draw_side(np.zeros((128, 128, 3), np.uint8), SIDE, crowded, np.array([0.5, 0.0, 0.0]))
    assert crowd.pixels.any()


def test_points_that_are_not_seen_are_left_out() -> None:
    frame = np.zeros((400, 800, 3), np.uint8)
    pixels = np.array([[100.0, 100.0], [np.nan, np.nan], [300.0, 200.0]])
    picture = draw_points(frame, pixels, ["P1", "P2", "w3"], path=True)
    assert tuple(picture.pixels[100, 100]) == GRASPED
    assert picture.pixels[150, 200].any()
