"""Text, marks and lines in a picture uint8 RGB [H, W, 3]; all positions in its own pixels."""

from __future__ import annotations

import cv2
import numpy as np

from policies.rewards.keypoints.label_layout import TextBox

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def text_scale(canvas: np.ndarray) -> float:
    """Font scale for a picture of this size."""
    return max(canvas.shape[:2]) / 1200


def thickness(canvas: np.ndarray) -> int:
    """Line width, px, for a picture of this size."""
    return max(2, round(max(canvas.shape[:2]) / 400))


def text_size(text: str, scale: float) -> tuple[float, float]:
    """Width and height, px, of a text at this scale."""
    (width, height), below = cv2.getTextSize(text, _FONT, scale, 2)
    return float(width), float(height + below // 2)


def write(
    canvas: np.ndarray, text: str, box: TextBox, scale: float, colour: Colour, outline: Colour | None = None
) -> None:
    """A text into its box, from the left."""
    place = (round(box.left), round(box.top + box.height - 1))
    if outline is not None:
        cv2.putText(canvas, text, place, _FONT, scale, outline, 5, cv2.LINE_AA)
    cv2.putText(canvas, text, place, _FONT, scale, colour, 2, cv2.LINE_AA)


def plate(canvas: np.ndarray, box: TextBox, colour: Colour) -> None:
    """A filled box with a white border."""
    ends = np.array([[box.left, box.top], [box.left + box.width, box.top + box.height]])
    top_left, bottom_right = np.rint(ends).astype(int).tolist()
    cv2.rectangle(canvas, top_left, bottom_right, colour, cv2.FILLED)
    cv2.rectangle(canvas, top_left, bottom_right, WHITE, 1)


def disc(canvas: np.ndarray, place: np.ndarray, radius: float, colour: Colour) -> None:
    """A mark at a pixel [2], white around."""
    centre = fixed(place).ravel().tolist()
    cv2.circle(canvas, centre, round(16 * (radius + 1)), WHITE, cv2.FILLED, cv2.LINE_AA, 4)
    cv2.circle(canvas, centre, round(16 * (radius - 1)), colour, cv2.FILLED, cv2.LINE_AA, 4)


def leader(canvas: np.ndarray, place: np.ndarray, box: TextBox, colour: Colour) -> None:
    """A line from a mark to its label."""
    ends = [fixed(p).ravel().tolist() for p in (place, box.centre)]
    cv2.line(canvas, ends[0], ends[1], WHITE, thickness(canvas) + 2, cv2.LINE_AA, 4)
    cv2.line(canvas, ends[0], ends[1], colour, thickness(canvas), cv2.LINE_AA, 4)


def fixed(pixels: np.ndarray) -> np.ndarray:
    """OpenCV's fixed point: sixteenths of a pixel."""
    return np.rint(np.asarray(pixels) * 16).astype(np.int32).reshape(-1, 1, 2)
