"""What the tests of the tracker share: journeys, covers, and the tracker's answers beside the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.tracked_object import TrackedObject, TrackStatus
from tests.unit.patch_scene import HERE, Image, PatchScene, texture

Cover = tuple[Image, int, int] | None  # what lies over the scene, and where its left top is


def watch(
    scene: PatchScene, motions: Sequence[NDArray], covers: Sequence[Cover] | None = None
) -> tuple[list[TrackedObject], NDArray[np.float64]]:
    """What the tracker answers, and the largest error [T] px of the five keypoints."""
    tracker = ObjectTracker(scene.image(HERE), scene.mask, scene.points)
    seen = [
        tracker.track(scene.image(motion, cover))
        for motion, cover in zip(motions, covers or [None] * len(motions), strict=True)
    ]
    pairs = zip(seen, motions, strict=True)
    return seen, np.array([np.linalg.norm(o.points_px - scene.truth(m), axis=1).max() for o, m in pairs])


def journey(scene: PatchScene, steps: int) -> list[NDArray]:
    """A quarter of the image across, up and down, turning 60 degrees and shrinking to 0.75."""
    height, width = scene.mask.shape
    shares = np.linspace(0, 1, steps + 1)[1:]
    return [
        scene.motion(0.25 * width * f, 0.1 * height * np.sin(6 * f), 60 * f, 1 - 0.25 * f) for f in shares
    ]


def statuses(seen: list[TrackedObject]) -> set[TrackStatus]:
    """Those that occur."""
    return {o.status for o in seen}


def left(scene: PatchScene) -> int:
    """The patch's first column at the start."""
    return int(np.nonzero(scene.mask)[1].min())


def cover(scene: PatchScene, tint: tuple[float, float, float]) -> Image:
    """A textured strip as high as the image, 6 px wider than the patch."""
    side = int(np.sqrt(scene.mask.sum())) + 6
    return texture(np.random.default_rng(99), scene.mask.shape[0], side, tint)


def sliding(scene: PatchScene, tint: tuple[float, float, float], steps: int) -> list[Cover]:
    """The strip slides over the whole patch and off again at the other side."""
    thing = cover(scene, tint)
    middle, side = left(scene) - 3, thing.shape[1]
    return [(thing, round(x), 0) for x in np.linspace(middle - side, middle + side, steps)]
