"""Where to write labels so that none covers another or another's mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_DIRECTIONS = 16
_RINGS = 14
_NOTHING_PX = 1e-6  # an area that is only rounding


@dataclass(frozen=True)
class TextBox:
    """A rectangle in pixels, ends excluded on the right and below."""

    left: float
    top: float
    width: float
    height: float

    @property
    def centre(self) -> np.ndarray:
        """[2]."""
        return np.array([self.left + self.width / 2, self.top + self.height / 2])

    def overlap_px(self, other: TextBox) -> float:
        """Area shared with another box."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return max(0.0, across) * max(0.0, down)

    def outside_px(self, size: tuple[int, int]) -> float:
        """Area beyond a picture of ``size`` (width, height)."""
        return self.width * self.height - self.overlap_px(TextBox(0.0, 0.0, *map(float, size)))


def place_labels(
    marks_px: np.ndarray,
    sizes_px: Sequence[tuple[float, float]],
    picture: tuple[int, int],
    mark_radius_px: float,
    taken: Sequence[TextBox] = (),
) -> tuple[TextBox, ...]:
    """A box for each label of ``sizes_px`` (width, height), near its mark of ``marks_px`` [N, 2].

    Each goes to the nearest place, over rings around its mark, that is inside the picture and touches neither
    a mark, nor a label placed before, nor what is ``taken``. Where there is no such place it goes where it
    covers least. Deterministic: crowded marks first.
    """
    marks = np.asarray(marks_px, float).reshape(-1, 2)
    r = mark_radius_px
    blocked = [TextBox(x - r, y - r, 2 * r, 2 * r) for x, y in marks] + list(taken)
    placed: dict[int, TextBox] = {}
    for i in _crowded_first(marks):
        boxes = _around(marks[i], sizes_px[i], r)
        costs = ((_cost(box, blocked, picture), box) for box in boxes)
        free = (box for cost, box in costs if cost < _NOTHING_PX)
        placed[i] = next(free, None) or _least_covering(boxes, blocked, picture)
        blocked.append(placed[i])
    return tuple(placed[i] for i in range(len(marks)))


def _around(mark: np.ndarray, size: tuple[float, float], radius: float) -> list[TextBox]:
    """Boxes around a mark, nearest first; up and to the right before the other sides."""
    width, height = size
    angles = -np.pi / 4 + np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
    found: list[TextBox] = []
    for ring in range(_RINGS):
        reach = radius * (1.3 + 0.8 * ring)
        for direction in np.column_stack([np.cos(angles), np.sin(angles)]):
            # From the mark's circle to the near side of the box, whatever its shape.
            centre = mark + direction * reach + np.sign(np.round(direction, 6)) * [width / 2, height / 2]
            found.append(TextBox(centre[0] - width / 2, centre[1] - height / 2, width, height))
    return found


def _least_covering(boxes: list[TextBox], blocked: Sequence[TextBox], picture: tuple[int, int]) -> TextBox:
    return min(boxes, key=lambda box: _cost(box, blocked, picture))


def _cost(box: TextBox, blocked: Sequence[TextBox], picture: tuple[int, int]) -> float:
    return sum(box.overlap_px(other) for other in blocked) + 3 * box.outside_px(picture)


def _crowded_first(marks: np.ndarray) -> list[int]:
    if len(marks) < 2:
        return list(range(len(marks)))
    apart = np.linalg.norm(marks[:, None] - marks[None], axis=-1) + np.diag(np.full(len(marks), np.inf))
    return [int(i) for i in np.argsort(apart.min(axis=1), kind="stable")]
