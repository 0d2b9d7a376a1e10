"""The pictures that a model is asked about and people look at: marks, tiles and heights on frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from policies.rewards.keypoints import encoded
from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.candidates import Candidate
from policies.rewards.keypoints.drawing import (
    WHITE,
    Colour,
    disc,
    fixed,
    leader,
    plate,
    text_scale,
    text_size,
    thickness,
    write,
)
from policies.rewards.keypoints.grid import Grid
from policies.rewards.keypoints.height_lines import HeightLines, line_px
from policies.rewards.keypoints.label_layout import TextBox, place_labels
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan
from policies.rewards.keypoints.sent_image import SentImage, resized

MIN_SIDE_PX = 768  # a 128 px frame leaves no room for labels, and models shrink what is far larger
GRASPED: Colour = (214, 39, 40)
OTHER: Colour = (31, 87, 214)
_LINE: Colour = (255, 220, 60)


@dataclass(frozen=True, eq=False)
class MarkedPicture:
    """A drawn picture uint8 RGB [H, W, 3], and how its size relates to the camera's frame."""

    pixels: np.ndarray
    image: SentImage

    @property
    def png(self) -> bytes:
        """Encoded, as it is sent."""
        return encoded.png(self.pixels)


def draw_top(frame: np.ndarray, marks: Sequence[Candidate], grid: Grid | None = None) -> MarkedPicture:
    """The top view uint8 RGB [H, W, 3] with its tiles and labelled marks: P red, Q blue."""
    canvas, image = _enlarged(frame)
    pixels = resized(np.array([m.pixel for m in marks]).reshape(-1, 2), image.size, image.sent_size)
    names = _draw_grid(canvas, grid, pixels) if grid else []
    _draw_marks(canvas, pixels, [m.label for m in marks], names)
    return MarkedPicture(canvas, image)


def draw_side(
    frame: np.ndarray, camera: PinholeCamera, heights: HeightLines, near_m: np.ndarray
) -> MarkedPicture:
    """The side view with a line a height, at the distance of an object at ``near_m`` [3] in base."""
    canvas, image = _enlarged(frame)
    taken: list[TextBox] = []
    for line in heights.lines:
        pixels = line_px(camera, near_m, heights.z_m(line.name))
        if len(pixels) > 1:
            taken.append(_draw_line(canvas, resized(pixels, camera.size, image.sent_size), line.title, taken))
    return MarkedPicture(canvas, image)


def draw_points(
    frame: np.ndarray, pixels: np.ndarray, labels: Sequence[str], path: bool = False
) -> MarkedPicture:
    """A frame with a plan's points [N, 2] on it, joined in order with ``path``; NaN for those not seen."""
    canvas, image = _enlarged(frame)
    places = resized(pixels, image.size, image.sent_size)
    seen = np.all(np.isfinite(places), axis=1)
    if path and seen.sum() > 1:
        cv2.polylines(canvas, [fixed(places[seen])], False, _LINE, thickness(canvas), cv2.LINE_AA, 4)
    _draw_marks(canvas, places[seen], [label for label, s in zip(labels, seen, strict=True) if s], [])
    return MarkedPicture(canvas, image)


def draw_plan(frame: np.ndarray, camera: PinholeCamera, plan: KeypointPlan) -> MarkedPicture:
    """A camera's frame with a plan's waypoints joined in order: grasp, 1, 2, .., target.

    For people, who decide on a veto by it. Points that the camera does not see are left out.
    """
    pixels = camera.project(plan.waypoints_m)
    pixels[~camera.sees(plan.waypoints_m)] = np.nan
    last = len(pixels) - 1
    labels = [GRASP, *map(str, range(1, last)), TARGET]
    return draw_points(frame, pixels, labels, path=True)


def _enlarged(frame: np.ndarray) -> tuple[np.ndarray, SentImage]:
    """A copy to draw on, a whole number of times the frame, and the two sizes."""
    height, width = frame.shape[:2]
    times = max(1, -(-MIN_SIDE_PX // max(height, width)))
    size = (width * times, height * times)
    canvas = cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC) if times > 1 else frame.copy()
    return np.ascontiguousarray(canvas), SentImage(width, height, *size)


def _draw_grid(canvas: np.ndarray, grid: Grid, marks: np.ndarray) -> list[TextBox]:
    """Tiles, and each one's name in a corner that no mark is in; returns where the names are."""
    size = (canvas.shape[1], canvas.shape[0])
    plain = canvas.copy()
    for name in grid.names:
        corners = np.rint(grid.corners_px(name, size)).astype(int)
        cv2.rectangle(canvas, corners[0].tolist(), corners[1].tolist(), WHITE, max(1, thickness(canvas) // 2))
    cv2.addWeighted(canvas, 0.55, plain, 0.45, 0, canvas)
    scale, boxes = 0.8 * text_scale(canvas), []
    for name in grid.names:
        corners = _corners(grid.corners_px(name, size), text_size(name, scale))
        boxes.append(min(corners, key=lambda box: _covered_px(box, marks, 3.0 * thickness(canvas))))
        write(canvas, name, boxes[-1], scale, WHITE, outline=(60, 60, 60))
    return boxes


def _corners(tile: np.ndarray, size: tuple[float, float]) -> list[TextBox]:
    """Places for a text in a tile [2, 2]: lower left, upper left, lower right, upper right."""
    (left, top), (right, bottom) = tile
    width, height = size
    return [
        TextBox(x, y, width, height)
        for x in (left + 4, right - width - 4)
        for y in (bottom - height - 6, top + 6)
    ]


def _covered_px(box: TextBox, marks: np.ndarray, radius: float) -> float:
    return sum(box.overlap_px(TextBox(x - radius, y - radius, 2 * radius, 2 * radius)) for x, y in marks)


def _draw_marks(canvas: np.ndarray, places: np.ndarray, labels: Sequence[str], taken: list[TextBox]) -> None:
    radius, scale = 3.0 * thickness(canvas), text_scale(canvas)
    pads = [(w + 8, h + 8) for w, h in (text_size(label, scale) for label in labels)]
    boxes = place_labels(places, pads, (canvas.shape[1], canvas.shape[0]), radius, taken)
    for place, box, label in zip(places, boxes, labels, strict=True):
        leader(canvas, place, box, _colour(label))
    for place, box, label in zip(places, boxes, labels, strict=True):
        disc(canvas, place, radius, _colour(label))
        plate(canvas, box, _colour(label))
        write(canvas, label, TextBox(box.left + 4, box.top + 4, box.width - 8, box.height - 8), scale, WHITE)


def _draw_line(canvas: np.ndarray, pixels: np.ndarray, title: str, taken: Sequence[TextBox]) -> TextBox:
    """Draws one height; its title stands on the line, left, or further right where one is already."""
    cv2.polylines(canvas, [fixed(pixels)], False, _LINE, max(1, thickness(canvas) // 2), cv2.LINE_AA, 4)
    scale = 0.85 * text_scale(canvas)
    width, height = text_size(title, scale)
    left = 6.0
    while True:
        on_line = np.interp(left + width / 2, pixels[:, 0], pixels[:, 1])
        y = float(np.clip(on_line, height / 2 + 6, canvas.shape[0] - height / 2 - 6))
        box = TextBox(left, y - height / 2 - 4, width + 8, height + 8)
        if not any(box.overlap_px(t) for t in taken) or left + 2 * width > canvas.shape[1]:
            break
        left += 12.0
    plate(canvas, box, (70, 60, 20))
    write(canvas, title, TextBox(box.left + 4, box.top + 4, width, height), scale, _LINE)
    return box


def _colour(label: str) -> Colour:
    return GRASPED if label.startswith("P") or label == GRASP else OTHER
