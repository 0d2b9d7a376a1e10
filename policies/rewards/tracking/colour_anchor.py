"""A plain object known by its colour: its outline is aligned with the one in the anchor image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.anchor import Fit, TooPlain
from policies.rewards.tracking.frame import Frame, Window, mask_corners
from policies.rewards.tracking.object_colour import ObjectColour
from policies.rewards.tracking.outline import inner_points, outlines, some_of_outline, thinned
from policies.rewards.tracking.planar_motion import Matrix, Points, fit_motion, move

_OUTLINE = 64  # points along the outline
_ENOUGH = 250  # outline points of a later image, at least half as many where there are more
_INNER = 64  # points inside, at most
_OVERLAP = 0.6  # of mask and colour in the anchor image, intersection over union
_REACH = 1.0  # object sizes around the object in which it is looked for
_NEAR_PX = (
    2.5,
    1.5,
    1.0,
    1.0,
    1.0,
)  # gates from outline to outline, round by round, for an object that hardly moved
_FAR = (0.3, 0.2, 0.12, 0.08)  # and before those, in object sizes, for one that did
_STAYED = 0.1  # by this share a move must explain more than staying does: a cover's edge moves too
_PLAINLY = 0.9  # a share above which nothing else needs to be tried
_SURE = 0.7  # share to be found with after a loss: half an object fits in more than one place
_TURNS = sorted(range(-165, 181, 15), key=abs)  # degrees, tried after a loss
_TURN_GAIN = 0.05  # share by which a larger turn must be better
_SPILL = 0.85  # of a patch of colour must lie inside the object's outline
_SPACING_PX = 1.0  # from a point's foot to the nearest outline point
_AGREE_PX = 0.8  # of the matched outline points from the common motion; outlines are whole pixels
_SAME_WAY = 0.7  # cosine of the angle between the outlines' normals
_LEAST = 0.3  # of the outline must fit
_SIZES = (0.25, 4.0)  # areas of a component against the anchor's that may be the object


@dataclass(frozen=True)
class _Look:
    """The object's colour in a window of one image."""

    now: Frame
    window: Window
    found: NDArray[np.bool_]  # [h, w] of the window
    scale: float | None  # of the object against the anchor image's, where it is known


class ColourAnchor:
    """The anchor image's object as a colour and an outline.

    Iterated closest points from outline to outline, with a gate that shrinks and RANSAC in every round: a
    part that something covers has no true counterpart near and drops out, so it drags nothing. How far a
    round object turns, or a square one by quarters while it was lost, cannot be seen this way: its keypoints
    keep the direction they had, as nearly as the outline allows.

    Args:
        frame: the image that the mask belongs to.
        mask: [H, W] bool, the object.

    Raises:
        TooPlain: the object's colour does not tell it from its surroundings.
    """

    def __init__(self, frame: Frame, mask: NDArray[np.bool_]) -> None:
        self._colour, self._mask = ObjectColour(frame.image, mask), mask.astype(np.uint8)
        self.corners = mask_corners(mask)
        self.size_px = float(np.sqrt(mask.sum()))
        found = self._colour.segment(frame.image)
        overlap = float((found & mask).sum() / max((found & _near(mask) | mask).sum(), 1))
        if overlap < _OVERLAP:
            told = f"colour and mask of the object overlap by {overlap:.0%}, want {_OVERLAP:.0%}"
            raise TooPlain(f"{told}; put a sticker on it, or change its colour or the mask")
        outline, self._normals = some_of_outline(mask, _OUTLINE)
        self._count = len(outline)
        self.points = np.vstack([outline, inner_points(mask, _INNER)])

    def follow(self, before: Frame, now: Frame, last: Fit, lost: bool, scale: float | None) -> Iterator[Fit]:
        """By its outline, from where it was and from where the middle of its colour is."""
        window = now.around(move(last.T_now_anchor, self.corners), _REACH * self.size_px)
        if window.empty:
            return
        look, here = self._look(now, window, scale), last.T_now_anchor
        stayed = self._align(look, here, far=False)
        if lost or (stayed is not None and stayed.share >= _PLAINLY):
            yield from [stayed] if stayed is not None else []
            return
        moved = self._aligned(look, [here, *self._centred(look, here)])
        if stayed is not None and all(fit.share < stayed.share + _STAYED for fit in moved):
            yield stayed
        yield from sorted(moved, key=lambda fit: -fit.share)

    def find(self, now: Frame, window: Window, last: Fit, scale: float | None) -> Fit | None:
        """The one patch of its colour whose outline fits, turned as little as can be; None where two fit."""
        look = self._look(now, window, scale)
        starts = self._centred(look, last.T_now_anchor)
        fits = [fit for start in starts if (fit := self._turned(look, start)) is not None]
        return fits[0] if len(fits) == 1 else None

    def _look(self, now: Frame, window: Window, scale: float | None) -> _Look:
        return _Look(now, window, self._colour.segment(window.cut(now.image)), scale)

    def _turned(self, look: _Look, start: Matrix) -> Fit | None:
        centre, best = self.corners.mean(axis=0), None
        for degrees in _TURNS:
            turn = np.vstack([cv2.getRotationMatrix2D((centre[0], centre[1]), degrees, 1.0), [0.0, 0.0, 1.0]])
            fit = self._align(look, start @ turn, far=True)
            if fit is not None and fit.share >= _PLAINLY:
                return fit
            if fit is not None and (best is None or fit.share > best.share + _TURN_GAIN):
                best = fit
        return best if best is not None and best.share >= _SURE else None

    def _centred(self, look: _Look, T_now_anchor: Matrix) -> list[Matrix]:
        """The last motion [3, 3] shifted to the middle of each patch of colour, the largest first."""
        _, _, stats, centres = cv2.connectedComponentsWithStats(look.found.astype(np.uint8))
        areas = stats[1:, cv2.CC_STAT_AREA] / self.size_px**2
        order = [i for i in np.argsort(-areas, kind="stable") if _SIZES[0] < areas[i] < _SIZES[1]]
        middle = move(T_now_anchor, self.corners).mean(axis=0)
        starts = []
        for i in order:
            shift = np.eye(3)
            shift[:2, 2] = centres[i + 1] + look.window.corner - middle
            starts.append(shift @ T_now_anchor)
        return starts

    def _aligned(self, look: _Look, starts: list[Matrix]) -> list[Fit]:
        fits = [self._align(look, start, far=True) for start in starts]
        return [fit for fit in fits if fit is not None]

    def _align(self, look: _Look, start: Matrix, far: bool) -> Fit | None:
        found, window = look.found, look.window
        if not found.any():
            return None
        outline, normals = thinned(*outlines(found), _ENOUGH)
        T, fits = start, np.zeros(self._count, bool)
        for gate_px in (*[share * self.size_px for share in _FAR if far], *_NEAR_PX):
            nearest, fits = self._pairs(T, outline + window.corner, normals, gate_px)
            pairs = self.points[: self._count][fits], nearest[fits]
            motion = fit_motion(*pairs, _agree(gate_px), "similarity", look.scale)
            if motion is None or np.count_nonzero(motion.inliers) < _LEAST * self._count:
                return None
            T, fits[fits] = motion.T, motion.inliers
        inside = _at(found, move(T, self.points[self._count :]) - window.corner)
        support = np.concatenate([fits, inside]) & look.now.holds(move(T, self.points))
        return Fit(T, support) if self._covers(look, T) else None

    def _covers(self, look: _Look, T: Matrix) -> bool:
        """Whether the patches of colour that the object would touch lie inside it, and do not stick out."""
        found, shift = look.found, np.eye(3)
        shift[:2, 2] = -look.window.corner
        size = found.shape[1], found.shape[0]
        ours = cv2.warpPerspective(self._mask, shift @ T, size, flags=cv2.INTER_NEAREST)
        ours = cv2.dilate(ours, np.ones((3, 3), np.uint8)) > 0  # outlines are whole pixels
        _, labels = cv2.connectedComponents(found.astype(np.uint8))
        touched = np.isin(labels, np.unique(labels[ours & found])) & found
        return bool(np.count_nonzero(touched & ours) >= _SPILL * max(np.count_nonzero(touched), 1))

    def _pairs(
        self, T: Matrix, outline: Points, normals: Points, gate_px: float
    ) -> tuple[Points, NDArray[np.bool_]]:
        """The foot [M, 2] of each of the anchor's points on the nearest outline, and whether that is near.

        Only an outline that runs the same way counts. The foot, not the nearest point, so that points slide
        along straight edges and only their distance from the edge counts (Chen and Medioni 1991).
        """
        moved, turned = move(T, self.points[: self._count]), self._normals @ T[:2, :2].T
        turned = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        gaps = np.linalg.norm(moved[:, None] - outline, axis=2)
        gaps[turned @ normals.T < _SAME_WAY] = np.inf
        best = np.argmin(gaps, axis=1)
        off = np.sum((moved - outline[best]) * normals[best], axis=1, keepdims=True)
        return moved - off * normals[best], gaps[np.arange(len(best)), best] <= gate_px + _SPACING_PX


def _agree(gate_px: float) -> float:
    return max(_AGREE_PX, gate_px / 3.0)


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return cv2.dilate(mask.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0


def _at(mask: NDArray[np.bool_], points: Points) -> NDArray[np.bool_]:
    x, y = np.rint(points).astype(int).T
    height, width = mask.shape
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return inside & mask[y.clip(0, height - 1), x.clip(0, width - 1)]
