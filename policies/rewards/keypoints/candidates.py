"""Points that a model may choose from: spread over each mask, none on an outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from policies.rewards.keypoints.masks import Mask
from policies.rewards.keypoints.sent_image import Pixels

MARGIN_PX = 3.0
_APART = 0.04
_MARGIN_SHARE = 0.25  # of the way from the outline to the innermost pixel


@dataclass(frozen=True)
class Candidate:
    """One labelled point, px, of one of the masks."""

    label: str  # P1.. on what is to be grasped, Q1.. on all else (MOKA's names)
    x_px: float
    y_px: float
    mask: int  # index

    @property
    def pixel(self) -> np.ndarray:
        """[2]."""
        return np.array([self.x_px, self.y_px])


def candidates(
    masks: Sequence[Mask], grasped: int | None = None, count: int = 5, margin_px: float = MARGIN_PX
) -> tuple[Candidate, ...]:
    """Up to ``count`` points a mask, P1.. on mask ``grasped``, Q1.. on the others in the masks' order.

    Points of one mask are at least a 25th of the image apart, so a small thing gets fewer: their labels must
    be readable. Without ``grasped`` all are Q.
    """
    found: list[Candidate] = []
    for index, mask in enumerate(masks):
        letter = "P" if index == grasped else "Q"
        taken = sum(c.label[0] == letter for c in found)
        pixels = spread_points(mask, count, margin_px, _APART * max(mask.pixels.shape))
        found += [
            Candidate(f"{letter}{taken + i}", float(x), float(y), index) for i, (x, y) in enumerate(pixels, 1)
        ]
    return tuple(found)


def spread_points(mask: Mask, count: int, margin_px: float = MARGIN_PX, apart_px: float = 0.0) -> Pixels:
    """Pixel centres [<= count, 2] inside a mask, each as far from the others as can be, always the same.

    They keep ``margin_px`` and a quarter of the way in from the outline (half of the way, where the thing is
    too thin for that): an outline's points slide along it when tracked, and have another thing's depth.
    First comes the centroid where it is inside, else the point furthest from the outline; then farthest
    points (Gonzalez 1985), until the next would be less than ``apart_px`` from one there is.
    """
    depth = _depth_inside(mask.pixels)
    innermost = float(depth.max(initial=0.0))
    margin = min(max(margin_px, _MARGIN_SHARE * innermost), 0.5 * innermost)
    rows, columns = np.nonzero(mask.pixels & (depth >= margin))
    pixels = np.column_stack([columns, rows]).astype(float)
    if not len(pixels) or count < 1:
        return np.empty((0, 2))
    return pixels[
        _farthest(pixels, _first(pixels, mask, depth[rows, columns]), min(count, len(pixels)), apart_px)
    ]


def _depth_inside(pixels: np.ndarray) -> np.ndarray:
    """Distance [H, W] of its pixels to the nearest one outside, beyond the image's edge included."""
    padded = np.pad(pixels.astype(np.uint8), 1)
    return cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]


def _first(pixels: Pixels, mask: Mask, depth: np.ndarray) -> int:
    to_centroid = np.linalg.norm(pixels - mask.centroid, axis=1)
    nearest = int(np.argmin(to_centroid))
    return nearest if to_centroid[nearest] <= 1.0 else int(np.argmax(depth))


def _farthest(pixels: Pixels, first: int, count: int, apart_px: float) -> list[int]:
    chosen = [first]
    nearest = np.linalg.norm(pixels - pixels[first], axis=1)
    while len(chosen) < count and nearest.max() >= apart_px:
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, np.linalg.norm(pixels - pixels[chosen[-1]], axis=1))
    return chosen
