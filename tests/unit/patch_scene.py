"""Image sequences whose truth is known: a patch moves over a table, and things pass over it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
SMALL = (128, 128, 32)  # height, width and the patch's side, px
LARGE = (240, 320, 80)
HERE = np.eye(3)


def texture(rng: np.random.Generator, height: int, width: int, tint: tuple[float, float, float]) -> Image:
    """Smooth blotches [H, W, 3] of a few pixels, in shades of one colour."""
    fine = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 1.5)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 4)
    mixed = fine / fine.std() + coarse / coarse.std()
    return np.clip((110 + 32 * mixed[..., None]) * tint, 0, 255).astype(np.uint8)


@dataclass(frozen=True)
class PatchScene:
    """One patch on one table; `image` draws it under any motion from the first picture."""

    table: Image  # [H, W, 3]
    first: Image  # [H, W, 3] the patch where it starts, black elsewhere
    mask: NDArray[np.bool_]  # [H, W] the patch where it starts
    points: NDArray[np.float64]  # [5, 2] keypoints on it
    centre: NDArray[np.float64]  # [2]
    rng: np.random.Generator
    noise: float  # grey levels

    @classmethod
    def make(cls, height: int, width: int, side: int, seed: int = 0, noise: float = 4.0) -> PatchScene:
        rng = np.random.default_rng(seed)
        centre = np.array([0.4 * width, 0.5 * height])
        left, top = (centre - side / 2).astype(int)
        mask = np.zeros((height, width), bool)
        mask[top : top + side, left : left + side] = True
        first = np.where(mask[..., None], texture(rng, height, width, (1.1, 0.95, 0.8)), 0).astype(np.uint8)
        offsets = np.array([[0, 0], [-0.3, -0.3], [0.3, -0.3], [0.3, 0.3], [-0.3, 0.3]]) * side
        table = texture(rng, height, width, (0.95, 1.0, 1.0))
        return cls(table, first, mask, centre + offsets, centre, rng, noise)

    def plain(self) -> PatchScene:
        """The same with a red patch without pattern on a plain brown table."""
        table, first = np.zeros_like(self.table), np.zeros_like(self.first)
        table[:], first[:] = (140, 125, 105), (200, 50, 45)
        table[: len(table) // 3] = (120, 105, 90)  # a shadow
        return replace(self, table=table, first=first)

    def motion(self, dx: float, dy: float, degrees: float = 0.0, scale: float = 1.0) -> NDArray[np.float64]:
        """[3, 3] pixel of the first picture -> pixel of one where the patch has moved so about its centre."""
        turn = cv2.getRotationMatrix2D((float(self.centre[0]), float(self.centre[1])), degrees, scale)
        turn[:, 2] += [dx, dy]
        return np.vstack([turn, [0, 0, 1]])

    def tilt(self, amount: float) -> NDArray[np.float64]:
        """[3, 3] a perspective that makes one side nearer, about the centre."""
        shift, back = np.eye(3), np.eye(3)
        shift[:2, 2], back[:2, 2] = self.centre, -self.centre
        return shift @ np.array([[1, 0, 0], [0, 1, 0], [amount, 0, 1]]) @ back

    def image(self, motion: NDArray[np.float64], cover: tuple[Image, int, int] | None = None) -> Image:
        """The picture with the patch moved, and a cover [h, w, 3] laid over with its left top at (x, y)."""
        size = self.mask.shape[1], self.mask.shape[0]
        on = cv2.warpPerspective(self.mask.astype(np.float32), motion, size)[..., None]
        drawn = self.table * (1 - on) + cv2.warpPerspective(self.first, motion, size) * on
        picture = np.asarray(drawn, np.float64)
        if cover is not None:
            picture = _laid_over(picture, *cover)
        return np.clip(picture + self.rng.normal(0, self.noise, picture.shape), 0, 255).astype(np.uint8)

    def truth(self, motion: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where the keypoints [5, 2] are."""
        return np.asarray(cv2.perspectiveTransform(self.points[:, None], motion), np.float64)[:, 0]


def _laid_over(picture: NDArray[np.float64], cover: Image, x: int, y: int) -> NDArray[np.float64]:
    height, width = picture.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + cover.shape[1], width), min(y + cover.shape[0], height)
    if left < right and top < bottom:
        picture[top:bottom, left:right] = cover[top - y : bottom - y, left - x : right - x]
    return picture
