"""The pictures that a model is asked about and people look at: marks, tiles and heights on frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.candidates import Candidate
from policies.rewards.keypoints.grid import Grid
from policies.rewards.keypoints.height_lines import HeightLines, line_px
from policies.rewards.keypoints.label_layout import TextBox, place_labels
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan
from policies.rewards.keypoints.sent_image import SentImage, resized

MIN_SIDE_PX = 768  # a 128 px frame leaves no room for labels, and models shrink what is far larger
Colour = tuple[int, int, int]
GRASPED: Colour = (214, 39, 40)
OTHER: Colour = (31, 87, 214)
_GRID: Colour = (255, 255, 255)
_LINE: Colour = (255, 220, 60)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, eq=False)
class MarkedPicture:
    """A drawn picture uint8 RGB [H, W, 3], and how its size relates to the camera's frame."""

    pixels: np.ndarray
    image: SentImage

    @property
    def png(self) -> bytes:
        """Encoded, without loss: small labels survive."""
        done, data = cv2.imencode(".png", cv2.cvtColor(self.pixels, cv2.COLOR_RGB2BGR))
        assert done
        return data.tobytes()


def draw_top(frame: np.ndarray, marks: Sequence[Candidate], grid: Grid | None = None) -> MarkedPicture:
    """The top view uint8 RGB [H, W, 3] with its tiles and labelled marks: P red, Q blue."""
    canvas, image = _enlarged(frame)
    names = _draw_grid(canvas, grid) if grid else []
    pixels = resized(np.array([m.pixel for m in marks]).reshape(-1, 2), image.size, image.sent_size)
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
        cv2.polylines(canvas, [_fixed(places[seen])], False, _LINE, _thick(canvas), cv2.LINE_AA, 4)
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


def _draw_grid(canvas: np.ndarray, grid: Grid) -> list[TextBox]:
    """Tiles, and their names in the lower left corners; returns where the names are."""
    size = (canvas.shape[1], canvas.shape[0])
    plain = canvas.copy()
    for name in grid.names:
        corners = np.rint(grid.corners_px(name, size)).astype(int)
        cv2.rectangle(canvas, corners[0].tolist(), corners[1].tolist(), _GRID, max(1, _thick(canvas) // 2))
    cv2.addWeighted(canvas, 0.55, plain, 0.45, 0, canvas)
    scale, boxes = 0.8 * _scale(canvas), []
    for name in grid.names:
        left, bottom = grid.corners_px(name, size)[[0, 1], [0, 1]]
        width, height = _text_size(name, scale)
        boxes.append(TextBox(left + 4, bottom - height - 6, width, height))
        _write(canvas, name, boxes[-1], scale, _GRID, outline=(60, 60, 60))
    return boxes


def _draw_marks(canvas: np.ndarray, places: np.ndarray, labels: Sequence[str], taken: list[TextBox]) -> None:
    radius, scale = 3.0 * _thick(canvas), _scale(canvas)
    pads = [(w + 8, h + 8) for w, h in (_text_size(label, scale) for label in labels)]
    boxes = place_labels(places, pads, (canvas.shape[1], canvas.shape[0]), radius, taken)
    for place, box, label in zip(places, boxes, labels, strict=True):
        _leader(canvas, place, box, _colour(label))
    for place, box, label in zip(places, boxes, labels, strict=True):
        _disc(canvas, place, radius, _colour(label))
        _plate(canvas, box, _colour(label))
        _write(canvas, label, TextBox(box.left + 4, box.top + 4, box.width - 8, box.height - 8), scale, _GRID)


def _draw_line(canvas: np.ndarray, pixels: np.ndarray, title: str, taken: Sequence[TextBox]) -> TextBox:
    """Draws one height; its title stands on the line, left, or further right where one is already."""
    cv2.polylines(canvas, [_fixed(pixels)], False, _LINE, max(1, _thick(canvas) // 2), cv2.LINE_AA, 4)
    scale = 0.85 * _scale(canvas)
    width, height = _text_size(title, scale)
    left = 6.0
    while True:
        y = float(np.interp(left + width / 2, pixels[:, 0], pixels[:, 1]))
        box = TextBox(left, y - height / 2 - 4, width + 8, height + 8)
        if not any(box.overlap_px(t) for t in taken) or left + 2 * width > canvas.shape[1]:
            break
        left += 12.0
    _plate(canvas, box, (70, 60, 20))
    _write(canvas, title, TextBox(box.left + 4, box.top + 4, width, height), scale, _LINE)
    return box


def _colour(label: str) -> Colour:
    return GRASPED if label.startswith("P") or label == GRASP else OTHER


def _scale(canvas: np.ndarray) -> float:
    return max(canvas.shape[:2]) / 1200


def _thick(canvas: np.ndarray) -> int:
    return max(2, round(max(canvas.shape[:2]) / 400))


def _text_size(text: str, scale: float) -> tuple[float, float]:
    (width, height), below = cv2.getTextSize(text, _FONT, scale, 2)
    return float(width), float(height + below // 2)


def _write(
    canvas: np.ndarray, text: str, box: TextBox, scale: float, colour: Colour, outline: Colour | None = None
) -> None:
    place = (round(box.left), round(box.top + box.height - 1))
    if outline is not None:
        cv2.putText(canvas, text, place, _FONT, scale, outline, 5, cv2.LINE_AA)
    cv2.putText(canvas, text, place, _FONT, scale, colour, 2, cv2.LINE_AA)


def _plate(canvas: np.ndarray, box: TextBox, colour: Colour) -> None:
    ends = np.array([[box.left, box.top], [box.left + box.width, box.top + box.height]])
    top_left, bottom_right = np.rint(ends).astype(int).tolist()
    cv2.rectangle(canvas, top_left, bottom_right, colour, cv2.FILLED)
    cv2.rectangle(canvas, top_left, bottom_right, _GRID, 1)


def _disc(canvas: np.ndarray, place: np.ndarray, radius: float, colour: Colour) -> None:
    centre = _fixed(place).ravel().tolist()
    cv2.circle(canvas, centre, round(16 * (radius + 1)), _GRID, cv2.FILLED, cv2.LINE_AA, 4)
    cv2.circle(canvas, centre, round(16 * (radius - 1)), colour, cv2.FILLED, cv2.LINE_AA, 4)


def _leader(canvas: np.ndarray, place: np.ndarray, box: TextBox, colour: Colour) -> None:
    ends = [_fixed(p).ravel().tolist() for p in (place, box.centre)]
    cv2.line(canvas, ends[0], ends[1], _GRID, _thick(canvas) + 2, cv2.LINE_AA, 4)
    cv2.line(canvas, ends[0], ends[1], colour, _thick(canvas), cv2.LINE_AA, 4)


def _fixed(pixels: np.ndarray) -> np.ndarray:
    """OpenCV's fixed point: sixteenths of a pixel."""
    return np.rint(np.asarray(pixels) * 16).astype(np.int32).reshape(-1, 1, 2)
