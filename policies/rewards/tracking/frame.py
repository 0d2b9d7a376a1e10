"""One image, read once, and rectangles and points in it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from robot.core.errors import SpecMismatch

_EDGE_PX = 2  # points this near the image's edge are not seen


@dataclass(frozen=True)
class Window:
    """A rectangle of an image, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.right <= self.left or self.bottom <= self.top

    @property
    def corner(self) -> NDArray[np.float64]:
        """[2] px of its left top."""
        return np.array([self.left, self.top], np.float64)

    def cut(self, pixels: NDArray) -> NDArray:
        """Its part of an image or mask [H, W, ...], as an array of its own."""
        return np.ascontiguousarray(pixels[self.top : self.bottom, self.left : self.right])


@dataclass(frozen=True)
class Frame:
    """One image in colour and in gray."""

    image: NDArray[np.uint8]  # [H, W, 3] RGB
    gray: NDArray[np.uint8]  # [H, W]

    @classmethod
    def of(cls, image: NDArray[np.uint8]) -> Frame:
        """From an RGB image; SpecMismatch for anything else."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise SpecMismatch(f"image is {image.dtype} {image.shape}, want uint8 RGB [H, W, 3]")
        return cls(image, np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8))

    @property
    def window(self) -> Window:
        """All of it."""
        return Window(0, 0, self.gray.shape[1], self.gray.shape[0])

    def holds(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points [N, 2] px lie inside and not at the edge; NaN does not."""
        high = np.array(self.gray.shape[::-1]) - 1 - _EDGE_PX
        return np.all((points >= _EDGE_PX) & (points <= high), axis=1)

    def around(self, points: NDArray[np.float64], margin_px: float) -> Window:
        """The part that holds points [N, 2] px and a margin about them."""
        low = np.floor(np.maximum(points.min(axis=0) - margin_px, 0)).astype(int)
        high = np.ceil(np.minimum(points.max(axis=0) + margin_px + 1, self.gray.shape[::-1])).astype(int)
        return Window(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def mask_corners(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The corners [4, 2] px of a mask's bounding box, the first and last opposite; SpecMismatch if empty."""
    y, x = np.nonzero(mask)
    if not len(x):
        raise SpecMismatch("the object's mask is empty, want the pixels that show it")
    return np.array([[a, b] for a in (x.min(), x.max()) for b in (y.min(), y.max())], np.float64)
