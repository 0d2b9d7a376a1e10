"""Progress that the object makes in the gripper; what either does alone earns nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from policies.rewards.shaping.waypoint_path import PathProgress, WaypointPath
from robot.core.errors import ConfigError

Point = NDArray[np.float64]  # [3] m in the base frame


@dataclass(frozen=True)
class ObjectProgressConfig:
    """When the object counts as moved by the gripper."""

    min_move_m: float = 0.005  # less is taken for the tracker's noise and counts for nothing
    hold_radius_m: float = 0.10  # the gripper is at the object while their points are this near
    follow_share: float = 0.5  # the gripper must have gone this share of the object's way

    def __post_init__(self) -> None:
        problems = [
            f"{name}: got {value}, want more than 0"
            for name, value in vars(self).items()
            if not (np.isfinite(value) and value > 0)
        ]
        if problems:
            raise ConfigError(problems, "object progress")


@dataclass(frozen=True)
class ObjectProgress:
    """What one episode has reached; a new one comes out of every step."""

    path: PathProgress
    gripper_distance_m: float  # now, from the gripper to the object's grasp point
    object_m: Point  # where the object last counted
    gripper_m: Point  # where the gripper was then
    was_held: bool  # and whether it was at the object


def begin(path: WaypointPath, object_m: ArrayLike, gripper_m: ArrayLike) -> ObjectProgress:
    """The state at an episode's start, from the points [3] m of object and gripper in the base frame."""
    thing, gripper = np.asarray(object_m, np.float64), np.asarray(gripper_m, np.float64)
    return ObjectProgress(path.start(thing), _distance(thing, gripper), thing, gripper, False)


def advance(
    path: WaypointPath,
    state: ObjectProgress,
    object_m: ArrayLike | None,
    gripper_m: ArrayLike,
    config: ObjectProgressConfig,
) -> ObjectProgress:
    """The state a step later.

    A gain needs the object to have moved with the gripper (section 4.6 of the research note: gripper
    progress without the object is the classic way to cheat). A loss counts whoever caused it: an object
    that falls off the path lowers the progress even though nothing holds it.

    Args:
        path: where the object is to go.
        state: of the step before.
        object_m: the tracked point [3] m; None while the tracker has lost it, and progress then stands still.
        gripper_m: the tool centre point [3] m.
        config: thresholds.
    """
    gripper = np.asarray(gripper_m, np.float64)
    if object_m is None:
        return replace(state, gripper_distance_m=_distance(state.object_m, gripper))
    thing = np.asarray(object_m, np.float64)
    state = replace(state, gripper_distance_m=_distance(thing, gripper))
    held = state.gripper_distance_m <= config.hold_radius_m
    if _distance(state.object_m, thing) < config.min_move_m:
        return _grasped(state, gripper, held)
    carried = held and state.was_held and _followed(state, thing, gripper, config.follow_share)
    progress = path.advance(state.path, thing) if carried else _fallen_back(path, state.path, thing)
    return replace(state, path=progress, object_m=thing, gripper_m=gripper, was_held=held)


def _grasped(state: ObjectProgress, gripper: Point, held: bool) -> ObjectProgress:
    # The way of both is measured from where the gripper came to the object, not from where it set out.
    return state if held == state.was_held else replace(state, gripper_m=gripper, was_held=held)


def _followed(state: ObjectProgress, thing: Point, gripper: Point, share: float) -> bool:
    return _distance(state.gripper_m, gripper) >= share * _distance(state.object_m, thing)


def _fallen_back(path: WaypointPath, progress: PathProgress, thing: Point) -> PathProgress:
    return replace(progress, distance_m=max(progress.distance_m, path.distance_m(thing, progress.arc_m)))


def _distance(a: Point, b: Point) -> float:
    return float(np.linalg.norm(a - b))
