"""Where things are, without learned weights: what differs from the table in colour, or stands above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.table_colour import distance_from_table, hue_classes
from policies.rewards.keypoints.table_plane import heights_above_table
from robot.core.errors import NudgeError


class NoObject(NudgeError):
    """Nothing that could be an object was found in an image."""


@dataclass(frozen=True, eq=False)
class Mask:
    """One thing: pixels [H, W] bool, read only."""

    pixels: np.ndarray

    @property
    def area_px(self) -> int:
        """Number of pixels."""
        return int(self.pixels.sum())

    @property
    def centroid(self) -> np.ndarray:
        """Mean pixel [2], x y; may lie outside a bent thing."""
        rows, columns = np.nonzero(self.pixels)
        return np.array([columns.mean(), rows.mean()])

    def contains(self, pixels: np.ndarray) -> np.ndarray:
        """Which pixels [N, 2] lie on it [N]; none of those outside the image does."""
        columns, rows = np.rint(np.asarray(pixels, float).reshape(-1, 2)).astype(int).T
        height, width = self.pixels.shape
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        return inside & self.pixels[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]


class Segmenter(Protocol):
    """Proposes things. SAM-like models on real hardware fit in here, as the two below do."""

    def propose(self, image: np.ndarray, depth_m: np.ndarray | None = None) -> tuple[Mask, ...]:
        """Masks, largest first, that do not overlap; image uint8 RGB [H, W, 3], depth [H, W] m or None.

        Raises NoObject where there is none.
        """
        ...


@dataclass(frozen=True)
class ComponentRules:
    """What a group of pixels must be to count as a thing; shares are of the image's area or the outline."""

    min_share: float = 0.0015
    max_share: float = 0.3
    max_border_share: float = 0.2  # of the bounding box's sides: the arm and the floor come in from outside


@dataclass(frozen=True)
class ColourSegmenter:
    """Things that differ from the table in Lab, apart by hue, outlines refined by GrabCut.

    ``min_distance`` is in Lab units, with lightness at half weight so that soft shadows stay table. Things
    that touch and have one hue come out as one mask.
    """

    min_distance: float = 14.0
    rules: ComponentRules = ComponentRules()
    refine: bool = True

    def propose(self, image: np.ndarray, depth_m: np.ndarray | None = None) -> tuple[Mask, ...]:
        """See Segmenter; depth is not looked at."""
        lab = cv2.cvtColor(np.asarray(image, np.float32) / 255.0, cv2.COLOR_RGB2Lab)
        other = distance_from_table(lab) > self.min_distance
        classes = hue_classes(lab, other)
        found = [
            m
            for c in range(1, int(classes.max(initial=0)) + 1)
            for m in _components(classes == c, self.rules)
        ]
        if self.refine:
            found = [refined(image, m) for m in found]
        return _apart(found, f"differs from the table in colour by more than {self.min_distance:g} Lab units")


@dataclass(frozen=True)
class DepthSegmenter:
    """Things that stand on the table: above the plane fitted by RANSAC, and connected in the image."""

    camera: PinholeCamera
    min_height_m: float = 0.008
    rules: ComponentRules = ComponentRules()

    def propose(self, image: np.ndarray, depth_m: np.ndarray | None = None) -> tuple[Mask, ...]:
        """See Segmenter; depth [H, W] along the optical axis, 0 or NaN where there is none."""
        if depth_m is None or depth_m.shape != image.shape[:2]:
            got = None if depth_m is None else depth_m.shape
            raise NoObject(f"depth of shape {got} for an image of {image.shape[:2]}; give both in one size")
        heights = heights_above_table(depth_m, self.camera)
        found = list(_components(heights > self.min_height_m, self.rules))
        return _apart(found, f"stands more than {1000 * self.min_height_m:g} mm above the table")


def refined(image: np.ndarray, mask: Mask, rounds: int = 2) -> Mask:
    """The mask with its outline moved to the nearest change of colour (GrabCut, Rother et al. 2004).

    A refinement that loses or gains more than half of the area has run away, and is not taken.
    """
    top, bottom, left, right = _box(mask.pixels, margin=0.5)
    crop, inside = image[top:bottom, left:right], mask.pixels[top:bottom, left:right].astype(np.uint8)
    core = cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=2)
    near = cv2.dilate(inside, np.ones((3, 3), np.uint8), iterations=3)
    labels = np.where(near > 0, cv2.GC_PR_BGD, cv2.GC_BGD).astype(np.uint8)
    labels[inside > 0], labels[core > 0] = cv2.GC_PR_FGD, cv2.GC_FGD
    if not core.any() or (labels != cv2.GC_BGD).all():
        return mask  # too thin, or no background beside it, to learn colours from
    cv2.setRNGSeed(0)  # GrabCut starts from a random k-means: the same image must give the same masks
    colours = np.zeros((1, 65)), np.zeros((1, 65))  # of background and thing, its own to fill
    unused = (0, 0, 1, 1)  # the rectangle of the other way to start
    cv2.grabCut(
        np.ascontiguousarray(crop), labels, unused, colours[0], colours[1], rounds, cv2.GC_INIT_WITH_MASK
    )
    better = np.zeros_like(mask.pixels)
    better[top:bottom, left:right] = _largest((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))
    change = abs(int(better.sum()) - mask.area_px) / mask.area_px
    return mask if change > 0.5 else Mask(_read_only(better))


def _components(pixels: np.ndarray, rules: ComponentRules) -> Iterator[Mask]:
    solid = cv2.morphologyEx(pixels.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
    for i in range(1, count):
        share = stats[i, cv2.CC_STAT_AREA] / pixels.size
        here = labels == i
        if rules.min_share <= share <= rules.max_share and _border_share(here) <= rules.max_border_share:
            yield Mask(_read_only(_filled(here)))


def _border_share(pixels: np.ndarray) -> float:
    """How much of its bounding box's circumference runs along the image's border and is the thing."""
    edges = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    top, bottom, left, right = _box(pixels, margin=0.0)
    return float(sum(e.sum() for e in edges) / (2 * (bottom - top + right - left)))


def _filled(pixels: np.ndarray) -> np.ndarray:
    """Small holes (speckle) closed; a ring keeps its hole."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~pixels).astype(np.uint8), connectivity=4)
    small = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] < 0.02 * pixels.sum()]
    return pixels | np.isin(labels, small)


def _largest(pixels: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(pixels.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros_like(pixels)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))


def _box(pixels: np.ndarray, margin: float) -> tuple[int, int, int, int]:
    """Rows top to bottom and columns left to right (ends excluded), wider by ``margin`` of its sides."""
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    pad_y, pad_x = (4 + int(margin * len(v)) if margin else 0 for v in (rows, columns))
    height, width = pixels.shape
    top, left = max(0, int(rows[0]) - pad_y), max(0, int(columns[0]) - pad_x)
    return top, min(height, int(rows[-1]) + 1 + pad_y), left, min(width, int(columns[-1]) + 1 + pad_x)


def _apart(found: list[Mask], wanted: str) -> tuple[Mask, ...]:
    """Largest first; where refined masks overlap, the smaller keeps the pixels."""
    if not found:
        raise NoObject(f"no group of pixels {wanted}; look at the image, or let a person click the keypoints")
    ordered = sorted(found, key=lambda m: (-m.area_px, *m.centroid))
    taken, kept = np.zeros_like(ordered[0].pixels), []
    for mask in reversed(ordered):
        kept.append(Mask(_read_only(mask.pixels & ~taken)))
        taken |= mask.pixels
    return tuple(m for m in reversed(kept) if m.pixels.any())


def _read_only(pixels: np.ndarray) -> np.ndarray:
    pixels.setflags(write=False)
    return pixels
