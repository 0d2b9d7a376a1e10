"""From tracked pixels to the object's grasp point in the base frame, at every observation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from policies.rewards.keypoints.camera_model import CameraModelError, PinholeCamera
from policies.rewards.keypoints.lift import LiftedPoint, LiftError, from_height, triangulate
from policies.rewards.keypoints.masks import ColourSegmenter, NoObject, Segmenter
from policies.rewards.keypoints.plan import GRASP, KeypointPlan
from policies.rewards.tracking.anchor import TooPlain
from policies.rewards.tracking.fall import fallen_height, nearest_on_ray
from policies.rewards.tracking.grip import Grip
from policies.rewards.tracking.hold import Hold
from policies.rewards.tracking.tracked_object import TrackStatus
from policies.rewards.tracking.tracked_view import Sight, TrackedView
from robot.core.errors import SpecMismatch
from robot.core.se3 import Matrix

Images = Mapping[str, NDArray[np.uint8]]  # camera -> [H, W, 3] RGB
Sights = Mapping[str, Sight]
Method = Literal["views", "rest", "held"]  # triangulated; on the height it rests at; fixed to the tool

_NEAR_M = 0.04  # from the tool centre point: what a closing gripper can have closed on
_OFF_STEPS = 2  # in a row: one image is no proof
_SLIP_M = 0.04  # in the hand; more, with the fingers where they were, is not believed
_FALL_STEPS = 3  # after which what was let go has come to rest


@dataclass(frozen=True, eq=False)
class ObjectPoint:
    """The grasp point at one observation; read only."""

    point_m: NDArray[np.float64]  # [3] base frame
    confidence: float  # (0, 1]
    by: Method


class ObjectPointTracker:
    """Follows a plan's grasp point with one or two calibrated cameras.

    Free, it is where two views meet, or where one view meets the height it rests at: the plan's, then the
    last one that was found. In the hand (the gripper closed where it is) it is fixed to the tool, as long as
    the views say no otherwise: seen elsewhere twice in a row it has slipped and is fixed anew, or left the
    hand. What the hand has let go of has fallen straight down as far as the view says.

    Args:
        cameras: fixed ones, for images of the size they are given in; two at most are looked through.
        segmenter: finds the object's mask in the first images.
    """

    def __init__(self, cameras: Mapping[str, PinholeCamera], segmenter: Segmenter | None = None) -> None:
        if not cameras:
            raise SpecMismatch("no camera to follow the object with, want one or two that are calibrated")
        self._cameras, self._segmenter = dict(cameras), segmenter or ColourSegmenter()
        self._views: dict[str, TrackedView] = {}
        self.blind: dict[str, str] = {}
        self.sights: dict[str, Sight] = {}

    @property
    def statuses(self) -> dict[str, TrackStatus]:
        """What the last step made of each camera; ``sights`` has the pixels of those that saw it."""
        return {name: view.status for name, view in self._views.items()}

    @property
    def size_px(self) -> float:
        """How large the object was in the first images: the largest of the cameras', square root of area."""
        return max(view.size_px for view in self._views.values())

    def begin(self, images: Images, T_base_tcp: Matrix, plan: KeypointPlan) -> ObjectPoint:
        """An episode's first images, in which the object is where the plan has it.

        ``blind`` then names the cameras that cannot follow it, and why. If the point is at the tool already,
        it counts as in the hand until the fingers move or the views say otherwise.

        Raises:
            NoObject: none of the cameras can.
            SpecMismatch: an image of another size than the camera's model.
        """
        self._views, self.blind, self.sights = {}, {}, {}
        for name in self._cameras:
            try:
                self._views[name] = self._view(name, images, plan)
            except (NoObject, TooPlain) as error:
                self.blind[name] = str(error)
        if not self._views:
            raise NoObject("; ".join(f"{name}: {why}" for name, why in self.blind.items()))
        self._last, self._hold = np.array(plan.keypoints[GRASP]), None
        self._height_m = self._floor_m = float(self._last[2])
        self._grip, self._refused = Grip(already=_near(self._last, T_base_tcp)), False
        self._off_steps, self._falling = 0, 0
        return _answer(self._last, 1.0, "rest")

    def _view(self, name: str, images: Images, plan: KeypointPlan) -> TrackedView:
        if name not in images:
            raise NoObject(f"{name} sent no image at the start; see that it runs (`nudge doctor`)")
        on, grasp = plan.mask_points_px.get(name, np.zeros((0, 2))), plan.keypoints[GRASP]
        return TrackedView(name, self._cameras[name], images[name], grasp, on, self._segmenter)

    def step(self, images: Images, T_base_tcp: Matrix, gripper_width_m: float) -> ObjectPoint | None:
        """The point at the next observation; None while no camera sees it, or none that could place it.

        Args:
            images: of the cameras that have one; one that is missing sees nothing.
            T_base_tcp: [4, 4] at the images' time.
            gripper_width_m: between the fingers.
        """
        views = self._views.items()
        looks = {name: view.step(images[name], self._last) for name, view in views if name in images}
        self.sights = found = {name: sight for name, sight in looks.items() if sight is not None}
        closed = self._grip.closed(gripper_width_m)
        self._refused = self._refused and closed
        if self._hold is not None and not closed:
            self._let_go()
        point = self._in_hand(self._hold, T_base_tcp, found) if self._hold and found else None
        if self._hold is None and found:
            point = self._free(found)
        if point is not None:
            self._last = point.point_m
        elif self._hold is not None and not found:
            self._last = self._hold.point_m(T_base_tcp)  # where it will be let go, or looked for
        if self._hold is None and closed and not self._refused and _near(self._last, T_base_tcp):
            self._hold = Hold.at(self._last, T_base_tcp, found)  # also while hidden: it was there last
        return point

    def _in_hand(self, hold: Hold, T_base_tcp: Matrix, sights: Sights) -> ObjectPoint | None:
        """Where the hand has it; None where the views contradict the fingers, or it has left the hand."""
        agreed = any(hold.agrees(T_base_tcp, name, sight) for name, sight in sights.items())
        self._off_steps = 0 if agreed else self._off_steps + 1
        if self._off_steps >= _OFF_STEPS:
            if any(hold.left_behind(T_base_tcp, name, sight) for name, sight in sights.items()):
                self._refused = True
                self._let_go()
                return None
            hold = hold.moved_to(_seen(sights, hold.point_m(T_base_tcp)), T_base_tcp, sights)
            if hold.slipped_m > _SLIP_M:
                return None
            self._hold, self._off_steps = hold, 0
        return _answer(hold.point_m(T_base_tcp), _best(sights).confidence, "held")

    def _let_go(self) -> None:
        self._hold, self._off_steps, self._falling = None, 0, _FALL_STEPS
        self._released_m = self._last

    def _free(self, sights: Sights) -> ObjectPoint | None:
        met = _meet(sights)
        if met is not None:
            self._height_m, self._falling = float(met.point_m[2]), 0
            return _answer(met.point_m, min(s.confidence for s in sights.values()), "views")
        best = _best(sights)
        if self._falling:
            self._falling -= 1
            self._height_m = fallen_height(best, self._released_m, self._floor_m)
        try:
            rests = from_height(best.pixel, best.camera, self._height_m)
        except (LiftError, CameraModelError):  # too flat a view of the table
            return None
        return _answer(rests.point_m, best.confidence, "rest")


def _best(sights: Sights) -> Sight:
    return max(sights.values(), key=lambda sight: sight.confidence)


def _seen(sights: Sights, near_m: NDArray[np.float64]) -> NDArray[np.float64]:
    met = _meet(sights)
    return nearest_on_ray(_best(sights), near_m) if met is None else met.point_m


def _meet(sights: Sights) -> LiftedPoint | None:
    """Where two views meet; None for one view, and for two that do not see the same thing."""
    try:
        pixels = {name: sight.pixel for name, sight in sights.items()}
        return triangulate(pixels, {name: sight.camera for name, sight in sights.items()})
    except (LiftError, CameraModelError):
        return None


def _near(point_m: NDArray[np.float64], T_base_tcp: Matrix) -> bool:
    return bool(np.linalg.norm(point_m - T_base_tcp[:3, 3]) <= _NEAR_M)


def _answer(point_m: NDArray[np.float64], confidence: float, by: Method) -> ObjectPoint:
    point = np.array(point_m, np.float64)
    point.setflags(write=False)
    return ObjectPoint(point, confidence, by)
