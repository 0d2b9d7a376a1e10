"""Follows one object's keypoints from image to image, and says when it no longer can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.anchor import Anchor, Fit, TooPlain
from policies.rewards.tracking.colour_anchor import ColourAnchor
from policies.rewards.tracking.frame import Frame
from policies.rewards.tracking.pattern_anchor import PatternAnchor
from policies.rewards.tracking.planar_motion import inverse, move
from policies.rewards.tracking.sample_points import pattern_share
from policies.rewards.tracking.tracked_object import TrackedObject, TrackStatus
from policies.rewards.tracking.tracker_config import TrackerConfig
from robot.core.errors import SpecMismatch

_PATTERNED = 0.5  # share of the object with pattern below which its colour is the better guide
_NEIGHBOURS = 5  # sample points that tell whether a keypoint is hidden
_SEARCH = 1.0  # the window searched reaches this many object sizes beyond the object
_SMALLEST, _LARGEST = 0.25, 4.0  # sizes of the object against the anchor image's that are believed


class ObjectTracker:
    """Keypoints of one rigid object between two queries, in one camera; the same images, the same answers.

    An object with pattern is followed by it: flow from the last image gives a guess, alignment with the
    anchor image the position, so drift does not add up. A point counts if it still looks as in the anchor
    image by pattern and colour; coming back in the flow is a vote only. An object that is mostly plain is
    followed by its colour and outline, if these tell it apart; ``follows`` says which it is. Either is
    searched for in a window around it while it is suspect, in the whole image once it is lost. The motion is
    one of the image plane: when the object turns out of it far enough to look different, it becomes suspect,
    then lost, and a new query must give a new anchor.

    Args:
        image: [H, W, 3] uint8 RGB, the anchor image.
        mask: [H, W] bool, the object in it.
        points_px: [N, 2] the plan's keypoints on the object.
        config: settings.

    Raises:
        SpecMismatch: shapes that do not fit.
        TooPlain: neither pattern nor colour tells the object from its surroundings.
    """

    follows: Literal["pattern", "colour"]

    def __init__(
        self,
        image: NDArray[np.uint8],
        mask: NDArray[np.bool_],
        points_px: NDArray[np.float64],
        config: TrackerConfig | None = None,
    ) -> None:
        self._config = config or TrackerConfig()
        self._before = Frame.of(image)
        self._points = np.array(points_px, np.float64)
        if self._points.ndim != 2 or self._points.shape[1] != 2:
            raise SpecMismatch(f"keypoints have shape {self._points.shape}, want [N, 2] px")
        if mask.shape != self._before.gray.shape:
            raise SpecMismatch(f"mask has shape {mask.shape}, want the image's {self._before.gray.shape}")
        self._anchor = self._made(self._before, np.asarray(mask, bool))
        self.follows = "pattern" if isinstance(self._anchor, PatternAnchor) else "colour"
        gaps = np.linalg.norm(self._points[:, None] - self._anchor.points, axis=2)
        self._nearest = np.argsort(gaps, axis=1, kind="stable")[:, :_NEIGHBOURS]
        # The last place that was believed.
        self._fit: Fit = Fit(np.eye(3), np.ones(len(self._anchor.points), bool))
        self._frames = self._missed = 0

    def track(self, image: NDArray[np.uint8], scale: float | None = None) -> TrackedObject:
        """The keypoints in the next image; SpecMismatch if it is not of the anchor image's size.

        ``scale`` is the object's size against the anchor image's, where its distance is known. Without it a
        plain object that a gripper covers in part may look like a smaller one.
        """
        now = Frame.of(image)
        if now.gray.shape != self._before.gray.shape:
            raise SpecMismatch(
                f"image is {now.gray.shape}, want the anchor image's {self._before.gray.shape}"
            )
        self._frames += 1
        fit = self._follow(now, scale)
        if self._search_is_due(fit):
            fit = _better(fit, self._search(now, scale))
        self._before = now
        return self._settle(now, fit)

    def _made(self, frame: Frame, mask: NDArray[np.bool_]) -> Anchor:
        c = self._config
        by: list[Callable[[], Anchor]] = [
            lambda: PatternAnchor(frame, mask, c),
            lambda: ColourAnchor(frame, mask),
        ]
        if pattern_share(frame.gray, mask, c.window_px) < _PATTERNED:
            by.reverse()
        reasons = []
        for make in by:
            try:
                return make()
            except TooPlain as error:
                reasons.append(str(error))
        raise TooPlain("; ".join(reasons))

    @property
    def _lost(self) -> bool:
        return self._missed > self._config.patience_frames

    def _follow(self, now: Frame, scale: float | None) -> Fit | None:
        best = None
        for fit in self._anchor.follow(self._before, now, self._fit, self._lost, scale):
            best = _better(best, fit if self._believable(fit) else None)
            if best is not None and best.share >= self._config.tracked_share:
                break
        return best

    def _search_is_due(self, fit: Fit | None) -> bool:
        if self._lost:
            return self._frames % self._config.search_every == 0
        suspect = fit is None or fit.share < self._config.tracked_share
        return suspect or self._frames % self._config.reanchor_every == 0

    def _search(self, now: Frame, scale: float | None) -> Fit | None:
        around = move(self._fit.T_now_anchor, self._anchor.corners)
        window = now.window if self._lost else now.around(around, _SEARCH * self._anchor.size_px)
        fit = None if window.empty else self._anchor.find(now, window, self._fit, scale)
        return fit if fit is not None and self._believable(fit) else None

    def _believable(self, fit: Fit) -> bool:
        """Whether the object keeps its size and has not jumped; a lost one may be anywhere."""
        corners = self._anchor.corners
        now, before = move(fit.T_now_anchor, corners), move(self._fit.T_now_anchor, corners)
        size = np.linalg.norm(now[3] - now[0]) / np.linalg.norm(corners[3] - corners[0])
        reach = self._config.jump_share * self._anchor.size_px * (1 + self._missed)
        near = self._lost or np.linalg.norm(now - before, axis=1).max() <= reach
        return bool(_SMALLEST < size < _LARGEST and near)

    def _settle(self, now: Frame, fit: Fit | None) -> TrackedObject:
        share = 0.0 if fit is None else fit.share
        wanted = self._config.tracked_share if self._lost else self._config.suspect_share
        if fit is not None and share >= wanted:
            self._fit, self._missed = fit, 0
            return self._answer(now, fit.support, share >= self._config.tracked_share)
        self._missed += 1
        return self._answer(now, np.zeros(len(self._anchor.points), bool), False)

    def _answer(self, now: Frame, support: NDArray[np.bool_], sure: bool) -> TrackedObject:
        status = TrackStatus.LOST if self._lost else TrackStatus.TRACKED if sure else TrackStatus.SUSPECT
        points = move(self._fit.T_now_anchor, self._points)
        seen = support[self._nearest].mean(axis=1) >= 0.5
        return TrackedObject(
            points_px=points,
            visible=seen & now.holds(points),
            T_anchor_now=inverse(self._fit.T_now_anchor),
            inliers=int(np.count_nonzero(support)),
            inlier_ratio=float(support.mean()),
            status=status,
        )


def _better(first: Fit | None, second: Fit | None) -> Fit | None:
    if first is None or second is None:
        return second if first is None else first
    return second if second.share > first.share else first
