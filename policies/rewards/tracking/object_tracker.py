"""Follows one object's keypoints from image to image, and says when it no longer can."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.anchor import Anchor, Fit, Frame, in_image
from policies.rewards.tracking.features import Window
from policies.rewards.tracking.flow import flow
from policies.rewards.tracking.planar_motion import Matrix, fit_motion, move
from policies.rewards.tracking.tracked_object import TrackedObject, TrackStatus
from policies.rewards.tracking.tracker_config import TrackerConfig
from robot.core.errors import SpecMismatch

_LEVELS = 3
_NEIGHBOURS = 5  # sample points that tell whether a keypoint is hidden
_SEARCH = 1.0  # the window searched reaches this many object sizes beyond the object
_SMALLEST, _LARGEST = 0.25, 4.0  # sizes of the object against the anchor image's that are believed


class ObjectTracker:
    """Keypoints of one rigid object between two queries, in one camera; the same images, the same answers.

    Flow from the last image gives a guess, alignment with the anchor image the position, so drift does not
    add up. A point counts if it agrees with the common motion and still looks as in the anchor image by
    pattern and colour; coming back in the flow is a vote only. Features find the object again, in a window
    around it while it is suspect, in the whole image once it is lost. The motion is one of the image plane:
    when the object turns out of it far enough to look different, it becomes suspect, then lost, and a new
    query must give a new anchor.

    Args:
        image: [H, W, 3] uint8 RGB, the anchor image.
        mask: [H, W] bool, the object in it.
        points_px: [N, 2] the plan's keypoints on the object.
        config: settings.

    Raises:
        SpecMismatch: shapes that do not fit.
        TooPlain: an object without pattern.
    """

    def __init__(
        self,
        image: NDArray[np.uint8],
        mask: NDArray[np.bool_],
        points_px: NDArray[np.float64],
        config: TrackerConfig | None = None,
    ) -> None:
        self._config = config or TrackerConfig()
        frame = Frame.of(image)
        self._points = np.array(points_px, np.float64)
        if self._points.ndim != 2 or self._points.shape[1] != 2:
            raise SpecMismatch(f"keypoints have shape {self._points.shape}, want [N, 2] px")
        self._anchor = Anchor(frame, mask, self._config)
        gaps = np.linalg.norm(self._points[:, None] - self._anchor.points, axis=2)
        self._nearest = np.argsort(gaps, axis=1, kind="stable")[:, :_NEIGHBOURS]
        self._shape, self._before = frame.gray.shape, frame.gray
        self._fit = Fit(np.eye(3), np.ones(len(self._anchor.points), bool))  # the last one believed
        self._frames = self._missed = 0

    def track(self, image: NDArray[np.uint8]) -> TrackedObject:
        """The keypoints in the next image; SpecMismatch if it is not of the anchor image's size."""
        frame = Frame.of(image)
        if frame.gray.shape != self._shape:
            raise SpecMismatch(f"image is {frame.gray.shape}, want the anchor image's {self._shape}")
        self._frames += 1
        fit = self._follow(frame)
        if self._search_is_due(fit):
            window = frame.window if self._lost else self._window_around()
            fit = _better(fit, self._believable(self._anchor.refind(frame, window)))
        self._before = frame.gray
        return self._settle(frame, fit)

    @property
    def _lost(self) -> bool:
        return self._missed > self._config.patience_frames

    def _follow(self, frame: Frame) -> Fit | None:
        """Where flow says it went, else where it was: what passes over an object drags the flow along."""
        guess = None if self._lost else self._flowed(frame)
        fit = None if guess is None else self._believable(self._anchor.refine(frame, guess))
        if fit is not None and fit.share >= self._config.tracked_share:
            return fit
        return _better(fit, self._believable(self._anchor.refine(frame, self._fit.T_now_anchor)))

    def _flowed(self, frame: Frame) -> Matrix | None:
        c, T, w = self._config, self._fit.T_now_anchor, self._window_around()
        before, now = (
            np.ascontiguousarray(g[w.top : w.bottom, w.left : w.right]) for g in (self._before, frame.gray)
        )
        corner = np.array([w.left, w.top])
        here = self._anchor.points[self._fit.support]
        there, ok = flow(before, now, move(T, here) - corner, c.window_px, _LEVELS, c.forward_backward_px)
        undone = move(np.linalg.inv(T), there + corner)
        motion = fit_motion(here[ok], undone[ok], 2.0 * c.tolerance_px, "similarity")
        return None if motion is None else T @ motion.T

    def _search_is_due(self, fit: Fit | None) -> bool:
        if self._lost:
            return self._frames % self._config.search_every == 0
        suspect = fit is None or fit.share < self._config.tracked_share
        return suspect or self._frames % self._config.reanchor_every == 0

    def _window_around(self) -> Window:
        around = move(self._fit.T_now_anchor, self._anchor.corners)
        reach = _SEARCH * self._anchor.size_px
        low = np.floor(np.maximum(around.min(axis=0) - reach, 0)).astype(int)
        high = np.ceil(np.minimum(around.max(axis=0) + reach, self._shape[::-1])).astype(int)
        return Window(int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    def _believable(self, fit: Fit | None) -> Fit | None:
        """The fit, unless the object would be of another size or have jumped; a lost one may be anywhere."""
        if fit is None:
            return None
        corners = self._anchor.corners
        now, before = move(fit.T_now_anchor, corners), move(self._fit.T_now_anchor, corners)
        if (
            not _SMALLEST
            < np.linalg.norm(now[3] - now[0]) / np.linalg.norm(corners[3] - corners[0])
            < _LARGEST
        ):
            return None
        reach = self._config.jump_share * self._anchor.size_px * (1 + self._missed)
        return fit if self._lost or np.linalg.norm(now - before, axis=1).max() <= reach else None

    def _settle(self, frame: Frame, fit: Fit | None) -> TrackedObject:
        share = 0.0 if fit is None else fit.share
        wanted = self._config.tracked_share if self._lost else self._config.suspect_share
        seen = fit is not None and share >= wanted
        self._missed = 0 if seen else self._missed + 1
        if seen:
            self._fit = fit
        support = self._fit.support if seen else np.zeros(len(self._anchor.points), bool)
        return self._answer(frame, support, share >= self._config.tracked_share)

    def _answer(self, frame: Frame, support: NDArray[np.bool_], sure: bool) -> TrackedObject:
        status = TrackStatus.LOST if self._lost else TrackStatus.TRACKED if sure else TrackStatus.SUSPECT
        points = move(self._fit.T_now_anchor, self._points)
        seen = support[self._nearest].mean(axis=1) >= 0.5
        T_anchor_now = np.linalg.inv(self._fit.T_now_anchor)
        return TrackedObject(
            points_px=points,
            visible=seen & in_image(points, frame.gray),
            T_anchor_now=T_anchor_now / T_anchor_now[2, 2],
            inliers=int(np.count_nonzero(support)),
            inlier_ratio=float(support.mean()),
            status=status,
        )


def _better(first: Fit | None, second: Fit | None) -> Fit | None:
    if first is None or second is None:
        return second if first is None else first
    return second if second.share > first.share else first
