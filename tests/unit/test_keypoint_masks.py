"""Mask proposals and the points inside them, on drawn tables."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.candidates import candidates, spread_points
from policies.rewards.keypoints.masks import ColourSegmenter, DepthSegmenter, Mask, NoObject
from policies.rewards.keypoints.table_plane import NoTable

RED, BLUE, BLACK = (200, 40, 35), (40, 60, 200), (20, 20, 22)


def table(height: int = 160, width: int = 200) -> np.ndarray:
    """A brown table, lit from one side, with noise."""
    rng = np.random.default_rng(0)
    light = np.linspace(0.65, 1.1, width)[None, :, None] * np.linspace(1.0, 0.85, height)[:, None, None]
    return np.clip(np.array([150, 130, 105]) * light + rng.normal(0, 3, (height, width, 3)), 0, 255).astype(
        np.uint8
    )


def drawn(image: np.ndarray, corners: list, colour: tuple[int, int, int]) -> np.ndarray:
    """Draws a filled polygon and returns where it is."""
    where = cv2.fillPoly(np.zeros(image.shape[:2], np.uint8), [np.array(corners, np.int32)], 1).astype(bool)
    image[where] = colour
    return where


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / (a | b).sum())


def test_things_on_an_unevenly_lit_table_are_found_and_the_arm_is_not() -> None:
    image = table()
    drawn(image, [[80, 0], [120, 0], [120, 40], [80, 40]], BLACK)
    cube = drawn(image, [[40, 70], [75, 80], [65, 115], [30, 105]], RED)
    drawn(image, [[40, 70], [75, 80], [76, 86], [40, 76]], (120, 24, 20))  # its dark side is the same thing
    block = drawn(image, [[130, 90], [160, 90], [160, 110], [130, 110]], BLUE)
    found = ColourSegmenter().propose(image)
    assert [overlap(m.pixels, truth) > 0.93 for m, truth in zip(found, (cube, block), strict=True)] == [
        True
    ] * 2
    assert all(
        (a.pixels == b.pixels).all() for a, b in zip(found, ColourSegmenter().propose(image), strict=True)
    )


def test_a_cube_between_black_fingers_is_apart_from_them() -> None:
    image = table()
    fingers = [[[60, 60], [80, 60], [80, 100], [60, 100]], [[111, 60], [130, 60], [130, 100], [111, 100]]]
    for corners in fingers:
        drawn(image, corners, BLACK)
    cube = drawn(image, [[80, 65], [110, 65], [110, 95], [80, 95]], RED)
    found = ColourSegmenter().propose(image)
    assert len(found) == 3
    assert max(overlap(m.pixels, cube) for m in found) > 0.9


def test_an_empty_table_has_no_object() -> None:
    with pytest.raises(NoObject, match="14 Lab units"):
        ColourSegmenter().propose(table())


def test_masks_do_not_overlap_and_cannot_be_written_to() -> None:
    image = table()
    drawn(image, [[40, 40], [90, 40], [90, 90], [40, 90]], RED)
    drawn(image, [[60, 60], [80, 60], [80, 80], [60, 80]], BLUE)
    large, small = ColourSegmenter().propose(image)
    assert not (large.pixels & small.pixels).any()
    with pytest.raises(ValueError, match="read-only"):
        large.pixels[0, 0] = True


def depth_scene() -> tuple[PinholeCamera, np.ndarray, np.ndarray]:
    """A table seen at a slant, 0.6 m away, with a box 3 cm high; holes and noise of 1 mm."""
    K = np.array([[150.0, 0.0, 79.5], [0.0, 150.0, 59.5], [0.0, 0.0, 1.0]])
    camera = PinholeCamera(K, np.zeros(5), 160, 120, np.eye(4))
    rows, columns = np.mgrid[0:120, 0:160]
    slope = 1.0 + 0.3 * (rows - 59.5) / 150.0
    box = (rows > 40) & (rows < 70) & (columns > 50) & (columns < 90)
    depth = np.where(box, 0.57, 0.6) / slope
    rng = np.random.default_rng(1)
    depth += rng.normal(0, 0.001, depth.shape)
    depth[rng.random(depth.shape) < 0.02] = 0.0
    return camera, depth, box


def test_what_stands_above_the_plane_is_found_by_depth_alone() -> None:
    camera, depth, box = depth_scene()
    (found,) = DepthSegmenter(camera).propose(np.zeros((120, 160, 3), np.uint8), depth)
    assert overlap(found.pixels, box) > 0.9


def test_depth_that_is_missing_or_no_table_is_an_error() -> None:
    camera, depth, _ = depth_scene()
    image = np.zeros((120, 160, 3), np.uint8)
    with pytest.raises(NoObject, match="give both in one size"):
        DepthSegmenter(camera).propose(image, depth[:10])
    with pytest.raises(NoTable, match="0 pixels have depth"):
        DepthSegmenter(camera).propose(image, np.zeros((120, 160)))
    with pytest.raises(NoTable, match="no plane"):
        DepthSegmenter(camera).propose(image, np.random.default_rng(0).uniform(0.3, 3.0, (120, 160)))


def blob(seed: int) -> Mask:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(5, 75, 2) + rng.uniform(-30, 30, (rng.integers(3, 9), 2))
    return Mask(cv2.fillPoly(np.zeros((80, 80), np.uint8), [corners.astype(np.int32)], 1).astype(bool))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9))
def test_points_lie_inside_apart_and_off_the_outline(seed: int, count: int) -> None:
    mask = blob(seed)
    points = spread_points(mask, count)
    assert mask.contains(points).all()
    assert len(np.unique(points, axis=0)) == len(points) <= count
    np.testing.assert_array_equal(points, spread_points(mask, count))
    core = cv2.distanceTransform(np.pad(mask.pixels.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    if core.max() > 6:
        outline = core[1:-1, 1:-1][points[:, 1].astype(int), points[:, 0].astype(int)]
        assert outline.min() >= 3.0 - 1e-3


def test_the_centroid_comes_first_unless_it_is_outside() -> None:
    square, ring = np.zeros((60, 60), bool), np.zeros((60, 60), bool)
    square[10:41, 20:51] = True
    ring[5:55, 5:55], ring[20:40, 20:40] = True, False
    assert spread_points(Mask(square), 5)[0].tolist() == [35.0, 25.0]
    assert Mask(ring).contains(spread_points(Mask(ring), 5)).all()
    corners = spread_points(Mask(square), 5)[1:]
    assert {tuple(c) for c in corners} == {(23.0, 13.0), (47.0, 13.0), (23.0, 37.0), (47.0, 37.0)}


def test_a_small_thing_gets_no_more_marks_than_can_be_read() -> None:
    small = np.zeros((200, 200), bool)
    small[100:112, 50:62] = True
    marks = candidates([Mask(small)], count=5)
    assert 1 <= len(marks) < 5
    apart = [np.linalg.norm(a.pixel - b.pixel) for a in marks for b in marks if a is not b]
    assert min(apart, default=8.0) >= 8.0


def test_labels_say_what_is_grasped() -> None:
    masks = [blob(s) for s in (1, 2, 3)]
    labels = [(c.label, c.mask) for c in candidates(masks, grasped=1, count=2)]
    assert labels == [("Q1", 0), ("Q2", 0), ("P1", 1), ("P2", 1), ("Q3", 2), ("Q4", 2)]
    assert {c.label[0] for c in candidates(masks)} == {"Q"}
    assert spread_points(Mask(np.zeros((5, 5), bool)), 3).shape == (0, 2)
