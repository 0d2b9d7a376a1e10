"""An object known by its pattern: points on it are aligned with the anchor image in every later one."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.anchor import Fit
from policies.rewards.tracking.appearance import chroma, correlation, evened, patches
from policies.rewards.tracking.features import detect, inside, match
from policies.rewards.tracking.flow import flow
from policies.rewards.tracking.frame import Frame, Window, mask_corners
from policies.rewards.tracking.planar_motion import Matrix, Model, fit_motion, inverse, move
from policies.rewards.tracking.sample_points import sample_points
from policies.rewards.tracking.tracker_config import TrackerConfig

_LEVELS = 2  # of the flow between images that are nearly aligned
_ROUNDS = 2  # the second leaves out the points that do not look the same after the first
_WHOLE = 0.75  # of the sample points must agree on a perspective
_FEATURE_SIZE_PX = 50.0  # larger objects are shrunk to this before features are looked for
_FLOW_LEVELS = 3  # of the flow from one image to the next
_REACH = 1.0  # object sizes around the object in which flow is looked for


class PatternAnchor:
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
        self.corners = mask_corners(mask)
        self._scale = min(1.0, _FEATURE_SIZE_PX / self.size_px)  # what a search costs goes with the area
        self._window = frame.around(self.corners, 2 * config.window_px)
        self._corner = self._window.corner
        self._cut(frame, mask)

    def follow(self, before: Frame, now: Frame, last: Fit, lost: bool, scale: float | None) -> Iterator[Fit]:
        """Where flow says it went, then where it was: what passes over an object drags the flow along.

        The pattern shows its size better than a distance does, so ``scale`` says nothing new.
        """
        flowed = None if lost else self._flowed(before, now, last)
        for guess in (flowed, last.T_now_anchor):
            fit = None if guess is None else self._refine(now, guess)
            if fit is not None:
                yield fit

    def find(self, now: Frame, window: Window, last: Fit, scale: float | None) -> Fit | None:
        """By features; where it was last does not matter."""
        here, there = match(self._features, detect(now.gray, window, self._scale))
        motion = fit_motion(here, there, 2.0 * self._config.tolerance_px / self._scale, self._model)
        return None if motion is None else self._refine(now, motion.T)

    def _flowed(self, before: Frame, now: Frame, last: Fit) -> Matrix | None:
        c, T, here = self._config, last.T_now_anchor, self.points[last.support]
        window = before.around(move(T, self.corners), _REACH * self.size_px)
        if window.empty:
            return None
        images = window.cut(before.gray), window.cut(now.gray)
        start = move(T, here) - window.corner
        there, ok = flow(*images, start, c.window_px, _FLOW_LEVELS, c.forward_backward_px)
        undone = move(inverse(T), there + window.corner)
        motion = fit_motion(here[ok], undone[ok], 2.0 * c.tolerance_px, "similarity")
        return None if motion is None else T @ motion.T

    def _refine(self, frame: Frame, T_now_anchor: Matrix) -> Fit | None:
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

    def _cut(self, frame: Frame, mask: NDArray[np.bool_]) -> None:
        w, side = self._window, self._config.window_px
        self._gray = w.cut(frame.gray)
        self._even = evened(self._gray, side)
        self._mask = w.cut(mask)
        self._local = self.points - self._corner  # [N, 2] px of the part
        self._pixels = np.rint(self._local).astype(np.int64)
        self._on = patches(self._mask, self._pixels, side)
        self._pattern = patches(self._gray, self._pixels, side)
        self._colour = self._colours(w.cut(frame.image))
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
        return alike & (change <= c.max_chroma) & frame.holds(move(T_now_anchor, self.points))

    def _colours(self, part: NDArray[np.uint8]) -> NDArray[np.float32]:
        shares = chroma(part, self._mask, self._config.window_px)
        return shares[self._pixels[:, 1], self._pixels[:, 0]]
