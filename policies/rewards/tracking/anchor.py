"""The object as it looked when its keypoints were made; every later image is compared with this one."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.appearance import chroma, correlation, evened, patches
from policies.rewards.tracking.features import Window, detect, inside, match
from policies.rewards.tracking.flow import flow
from policies.rewards.tracking.planar_motion import Matrix, Model, fit_motion, move
from policies.rewards.tracking.sample_points import sample_points
from policies.rewards.tracking.tracker_config import TrackerConfig
from robot.core.errors import SpecMismatch

_LEVELS = 2  # of the flow between images that are nearly aligned
_ROUNDS = 2  # the second leaves out the points that do not look the same after the first
_WHOLE = 0.75  # of the sample points must agree on a perspective
_FEATURE_SIZE_PX = 50.0  # larger objects are shrunk to this before features are looked for
_EDGE_PX = 2  # points this near the image's edge are not seen


@dataclass(frozen=True)
class Frame:
    """One image, read once."""

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


@dataclass(frozen=True)
class Fit:
    """Where the object is in an image, and which sample points speak for it."""

    T_now_anchor: Matrix  # [3, 3] pixel of the anchor image -> pixel of this one
    support: NDArray[np.bool_]  # [N] looks as in the anchor image where the motion puts it

    @property
    def share(self) -> float:
        """Supporting points over all."""
        return float(self.support.mean())


class Anchor:
    """The anchor image's part around the object, with sample points and features on it.

    Args:
        frame: the image that the mask belongs to.
        mask: [H, W] bool, the object.
        config: settings.
    """

    def __init__(self, frame: Frame, mask: NDArray[np.bool_], config: TrackerConfig) -> None:
        self._config = config
        self.points = sample_points(frame.gray, mask, config.sample_points, config.window_px)  # [N, 2] px
        self.size_px = float(np.sqrt(mask.sum()))
        self._model: Model = "homography" if self.size_px >= config.homography_from_px else "similarity"
        box = _box(mask, 0)
        self.corners = np.array(
            [[x, y] for x in (box.left, box.right - 1) for y in (box.top, box.bottom - 1)], np.float64
        )
        self._scale = min(1.0, _FEATURE_SIZE_PX / self.size_px)  # what a search costs goes with the area
        self._window = _box(mask, 2 * config.window_px)
        self._corner = np.array([self._window.left, self._window.top])
        self._cut(frame, mask)

    def refine(self, frame: Frame, T_now_anchor: Matrix) -> Fit | None:
        """The object near a guess of where it is; None where too few points agree on a motion.

        The image is warped back to where the anchor image had the object, so that only a small rest of motion
        is left, and errors cannot add up over frames as in flow from each image to the next.
        """
        T, alike = T_now_anchor / T_now_anchor[2, 2], np.ones(len(self.points), bool)
        for _ in range(_ROUNDS):
            correction = self._correction(self._undo(frame.gray, T), alike)
            if correction is None:
                return None
            T = T @ correction
            T = T / T[2, 2]
            alike = self._looks_same(frame, T)
        return Fit(T, alike)

    def refind(self, frame: Frame, window: Window) -> Fit | None:
        """The object by its features, anywhere in a window of the image."""
        if window.empty:
            return None
        here, there = match(self._features, detect(frame.gray, window, self._scale))
        motion = fit_motion(here, there, 2.0 * self._config.tolerance_px / self._scale, self._model)
        return None if motion is None else self.refine(frame, motion.T)

    def _cut(self, frame: Frame, mask: NDArray[np.bool_]) -> None:
        w, side = self._window, self._config.window_px
        self._gray = np.ascontiguousarray(frame.gray[w.top : w.bottom, w.left : w.right])
        self._even = evened(self._gray, side)
        self._mask = mask[w.top : w.bottom, w.left : w.right]
        self._local = self.points - self._corner  # [N, 2] px of the part
        self._pixels = np.rint(self._local).astype(np.int64)
        self._on = patches(self._mask, self._pixels, side)
        self._pattern = patches(self._gray, self._pixels, side)
        self._colour = self._colours(np.ascontiguousarray(frame.image[w.top : w.bottom, w.left : w.right]))
        self._features = inside(detect(frame.gray, w, self._scale), mask)

    def _undo(self, pixels: NDArray[np.uint8], T_now_anchor: Matrix) -> NDArray[np.uint8]:
        T_anchor_part = np.array([[1.0, 0.0, self._corner[0]], [0.0, 1.0, self._corner[1]], [0.0, 0.0, 1.0]])
        size = self._gray.shape[1], self._gray.shape[0]
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpPerspective(pixels, T_now_anchor @ T_anchor_part, size, flags=how), np.uint8
        )

    def _correction(self, back: NDArray[np.uint8], use: NDArray[np.bool_]) -> Matrix | None:
        """The rest of motion [3, 3] in an image warped back, by the sample points to ``use`` [N]."""
        c, here = self._config, self._local[use]
        moved, ok = flow(
            self._even, evened(back, c.window_px), here, c.window_px, _LEVELS, c.forward_backward_px
        )
        pairs = here[ok] + self._corner, moved[ok] + self._corner
        motion = fit_motion(*pairs, c.tolerance_px, self._model)
        # Seen in part, an object's perspective is a guess: keep the last one and move it as a whole.
        if motion is None or motion.inliers.sum() < _WHOLE * len(self.points):
            motion = fit_motion(*pairs, c.tolerance_px, "similarity")
        return None if motion is None else motion.T

    def _looks_same(self, frame: Frame, T_now_anchor: Matrix) -> NDArray[np.bool_]:
        c, back = self._config, self._undo(frame.image, T_now_anchor)
        gray = np.asarray(cv2.cvtColor(back, cv2.COLOR_RGB2GRAY), np.uint8)
        pattern = patches(gray, self._pixels, c.window_px)
        alike = correlation(self._pattern, pattern, self._on) >= c.min_correlation
        change = np.abs(self._colours(back) - self._colour).max(axis=1)
        return alike & (change <= c.max_chroma) & in_image(move(T_now_anchor, self.points), frame.gray)

    def _colours(self, part: NDArray[np.uint8]) -> NDArray[np.float32]:
        shares = chroma(part, self._mask, self._config.window_px)
        return shares[self._pixels[:, 1], self._pixels[:, 0]]


def in_image(points: NDArray[np.float64], gray: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which points [N, 2] px lie inside an image [H, W] and not at its edge; NaN does not."""
    high = np.array([gray.shape[1], gray.shape[0]]) - 1 - _EDGE_PX
    return np.all((points >= _EDGE_PX) & (points <= high), axis=1)


def _box(mask: NDArray[np.bool_], margin_px: int) -> Window:
    y, x = np.nonzero(mask)
    low = np.maximum([x.min() - margin_px, y.min() - margin_px], 0)
    high = np.minimum([x.max() + 1 + margin_px, y.max() + 1 + margin_px], mask.shape[::-1])
    return Window(int(low[0]), int(low[1]), int(high[0]), int(high[1]))
