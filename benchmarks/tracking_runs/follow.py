"""The tracker let loose on a film, and how far it was off at every step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.tracking_runs.film import Film, Shot
from policies.rewards.keypoints.camera_model import PinholeCamera, calibration_id
from policies.rewards.keypoints.masks import NoObject
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan
from policies.rewards.tracking.object_point import ObjectPointTracker
from policies.rewards.tracking.tracked_object import TrackStatus

HIDDEN = 0.1  # share of the cube shown below which it is hidden
CLEAR = 0.9  # and above which nothing is in the way
_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Track:
    """One film seen through some cameras; all arrays have one row a step [T], from the second shot on."""

    seed: int
    error_m: NDArray[np.float64]  # NaN where the tracker gave no point
    pixel_error: NDArray[np.float64]  # of the worst camera that saw it; NaN where none did
    lost: NDArray[np.bool_]  # every camera's tracker says so
    by: list[str]  # "views", "rest", "held" or "" for none
    confidence: NDArray[np.float64]  # 0 for none
    shown: NDArray[np.float64]  # share of the cube, by the twin
    loose: NDArray[np.bool_]  # dropped or knocked out of the hand by now
    size_px: float  # of the object at the start, in the first camera
    step_s: float  # a step of the tracker, on average


def follow(film: Film, names: Sequence[str], size: int) -> Track | str:
    """The film through these cameras with the true plan, or why no camera could follow it."""
    cameras = {name: film.cameras[name, size] for name in names}
    tracker, first = ObjectPointTracker(cameras), film.shots[0]
    try:
        tracker.begin(_images(first, names, size), first.T_base_tcp, _plan(first, cameras))
    except NoObject as error:
        return str(error)
    rows, began = [], time.perf_counter()
    for shot in film.shots[1:]:
        rows.append(_step(tracker, shot, names, size))
    step_s = (time.perf_counter() - began) / len(rows)
    error, pixel, lost, by, confidence = zip(*rows, strict=True)
    shown = np.array([shot.shown for shot in film.shots[1:]])
    loose = np.array([shot.loose for shot in film.shots[1:]])
    arrays = np.array(error), np.array(pixel), np.array(lost, bool)
    return Track(film.seed, *arrays, list(by), np.array(confidence), shown, loose, tracker.size_px, step_s)


def _step(
    tracker: ObjectPointTracker, shot: Shot, names: Sequence[str], size: int
) -> tuple[float, float, bool, str, float]:
    point = tracker.step(_images(shot, names, size), shot.T_base_tcp, shot.gripper_width_m)
    off = [np.linalg.norm(s.pixel - s.camera.project(shot.cube_m)[0]) for s in tracker.sights.values()]
    pixel, lost = float(max(off, default=_NAN)), set(tracker.statuses.values()) == {TrackStatus.LOST}
    if point is None:
        return _NAN, pixel, lost, "", 0.0
    return float(np.linalg.norm(point.point_m - shot.cube_m)), pixel, lost, point.by, point.confidence


def _images(shot: Shot, names: Sequence[str], size: int) -> dict[str, NDArray[np.uint8]]:
    return {name: shot.images[name, size] for name in names}


def _plan(first: Shot, cameras: dict[str, PinholeCamera]) -> KeypointPlan:
    grasp = first.cube_m
    target = grasp + np.array([0.0, 0.0, 0.1])
    return KeypointPlan(
        version=1,
        arm="arm",
        task="lift",
        sentence="lift the cube",
        keypoints={GRASP: grasp, TARGET: target},
        std_m={GRASP: 0.0, TARGET: 0.0},
        waypoints_m=np.array([grasp, target]),
        mask_points_px={name: camera.project(grasp) for name, camera in cameras.items()},
        confidence=1.0,
        provenance="oracle",
        model="",
        prompt_sha="",
        image_shas={},
        calibration_id=calibration_id(cameras),
        created_ns=0,
    )
