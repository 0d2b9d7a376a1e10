"""A plan made for one scene, moved to where its object lies in another: for when nobody makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from policies.rewards.keypoints.camera_model import calibration_id
from policies.rewards.keypoints.candidates import spread_points
from policies.rewards.keypoints.lift import LiftedPoint, LiftError, from_height
from policies.rewards.keypoints.masks import Mask
from policies.rewards.keypoints.plan import GRASP, KeypointPlan, PlanError
from policies.rewards.keypoints.plan_making import PlanFacts
from policies.rewards.keypoints.plan_rules import require_valid
from policies.rewards.keypoints.question import Question, View

_TRUST = 0.7  # of the parent's confidence, where the fit is perfect
_MAX_COLOUR = 25.0  # Lab units, lightness at half weight: a lamp's doing below, another thing above
_MIN_SIZE = 0.7  # of the smaller's length to the larger's
_TWIN = 0.8  # a second thing that fits so well, against the best one, may be the object just as well
_ABOVE_M = 0.05  # sideways of the grasp: what lies nearer belongs to the object and moves with it
_LIGHTNESS = np.array([0.5, 1.0, 1.0])
_TRACKED_POINTS = 24


@dataclass(frozen=True, eq=False)
class Look:
    """What a thing looks like from the top camera, and where its middle is."""

    lab: np.ndarray  # [3] median colour, lightness at half weight
    size_m: float  # side of a square of the same area
    middle: LiftedPoint  # of its mask, at the grasp's height


@dataclass(frozen=True, eq=False)
class AnchoredPlan:
    """A plan that was made from pictures, with the look that its object had in them."""

    plan: KeypointPlan
    look: Look


def anchored(plan: KeypointPlan, asked: Question) -> AnchoredPlan | None:
    """A plan made from this question; None where the top view does not show its object well enough."""
    points = plan.mask_points_px.get(asked.top.name, np.zeros((0, 2)))
    on = [m for m in asked.masks if len(points) and m.contains(points).mean() > 0.5]
    try:
        return AnchoredPlan(plan, _look(asked.top, on[0], float(plan.keypoints[GRASP][2]))) if on else None
    except LiftError:
        return None


def reanchor(parent: AnchoredPlan, asked: Question, facts: PlanFacts) -> KeypointPlan:
    """The parent for the scene of another question, its object found by colour and size in the top view.

    Grasp, waypoints and target within 5 cm sideways of the old grasp go where the object went, flat on the
    table; the others are places that stay. A turn of the object is not seen. The confidence is at most 0.7
    of the parent's, and less the worse the look fits.

    Raises:
        PlanError: no thing fits, more than one does, or the moved plan breaks ``facts.rules``.
        LiftError: the top camera sees the thing too flat to place it.
    """
    plan = parent.plan
    grasp = plan.keypoints[GRASP]
    looks = [_look(asked.top, m, float(grasp[2])) for m in asked.masks]
    chosen, fit = _fitting(parent, looks)
    now = looks[chosen].middle
    shift = (now.point_m - parent.look.middle.point_m) * [1.0, 1.0, 0.0]
    near = {n: bool(_belongs(p[None], grasp)[0]) for n, p in plan.keypoints.items()}
    moved = plan.changed(
        version=facts.version,
        keypoints={n: p + shift if near[n] else p for n, p in plan.keypoints.items()},
        std_m={n: float(np.hypot(s, now.std_m)) if near[n] else s for n, s in plan.std_m.items()},
        waypoints_m=plan.waypoints_m + _belongs(plan.waypoints_m, grasp)[:, None] * shift,
        mask_points_px=_on(asked.top, asked.masks[chosen]),
        confidence=_TRUST * fit * plan.confidence,
        provenance="reanchored",
        image_shas=facts.image_shas,
        calibration_id=calibration_id(asked.cameras),
        created_ns=facts.created_ns,
        parent_id=plan.id,
    )
    return require_valid(moved, facts.rules)


def _look(top: View, mask: Mask, z_m: float) -> Look:
    lab = cv2.cvtColor(np.asarray(top.frame, np.float32) / 255.0, cv2.COLOR_RGB2Lab)
    middle = from_height(mask.centroid, top.camera, z_m)
    depth_m = float(top.camera.in_camera(middle.point_m)[0, 2])
    focal_px = float(np.sqrt(top.camera.K[0, 0] * top.camera.K[1, 1]))
    size_m = np.sqrt(mask.area_px) * depth_m / focal_px
    return Look(np.median(lab[mask.pixels], axis=0) * _LIGHTNESS, float(size_m), middle)


def _fitting(parent: AnchoredPlan, looks: list[Look]) -> tuple[int, float]:
    """Which of the looks is the object's, and how well it fits in (0, 1]."""
    fits = np.array([_fit(parent.look, look) for look in looks])
    best = int(np.argmax(fits))
    if fits[best] <= 0:
        near = min(looks, key=lambda look: _colour_off(parent.look, look))
        raise PlanError([_no_match(parent, near)])
    if np.count_nonzero(fits >= _TWIN * fits[best]) > 1:
        raise PlanError([f"more than one thing looks like the object of plan {parent.plan.version}"])
    return best, float(fits[best])


def _fit(wanted: Look, seen: Look) -> float:
    size = _size_ratio(wanted, seen)
    return 0.0 if size < _MIN_SIZE else size * max(0.0, 1.0 - _colour_off(wanted, seen) / _MAX_COLOUR)


def _colour_off(a: Look, b: Look) -> float:
    return float(np.linalg.norm(a.lab - b.lab))


def _size_ratio(a: Look, b: Look) -> float:
    return min(a.size_m, b.size_m) / max(a.size_m, b.size_m)


def _no_match(parent: AnchoredPlan, near: Look) -> str:
    return (
        f"nothing looks like the object of plan {parent.plan.version}: the nearest in colour is "
        f"{_colour_off(parent.look, near):.0f} Lab units off, want under {_MAX_COLOUR:g}, and "
        f"{1000 * near.size_m:.0f} mm wide, want {1000 * parent.look.size_m:.0f} within {1 - _MIN_SIZE:.0%}; "
        "clear the view, or let a person click the keypoints"
    )


def _belongs(points: np.ndarray, grasp: np.ndarray) -> np.ndarray:
    """Which points [N, 3] lie on the object or straight above it [N]."""
    return np.linalg.norm(points[:, :2] - grasp[:2], axis=1) <= _ABOVE_M


def _on(top: View, mask: Mask) -> Mapping[str, np.ndarray]:
    return MappingProxyType({top.name: spread_points(mask, _TRACKED_POINTS)})
