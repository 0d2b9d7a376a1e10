"""Plain objects, tracked by colour and outline: as steady as those with pattern, if not as exact."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.tracked_object import TrackStatus
from tests.unit.patch_scene import HERE, LARGE, SMALL, PatchScene
from tests.unit.tracker_watch import Cover, cover, journey, left, sliding, statuses, watch

OTHER = (0.8, 0.9, 1.2)  # the cover's tint


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("size", "steps"), [(SMALL, 30), (LARGE, 12)])
def test_moving_turning_and_shrinking(size: tuple[int, int, int], steps: int, seed: int) -> None:
    scene = PatchScene.make(*size, seed=seed).plain()
    assert ObjectTracker(scene.image(HERE), scene.mask, scene.points).follows == "colour"
    seen, errors = watch(scene, journey(scene, steps))
    assert statuses(seen) == {TrackStatus.TRACKED}
    assert np.median(errors) < 1.0
    assert np.percentile(errors, 90) < 1.5


@pytest.mark.parametrize("seed", range(2))
def test_a_slow_cover_drags_nothing_along(seed: int) -> None:
    scene = PatchScene.make(*SMALL, seed=seed).plain()
    seen, errors = watch(scene, [HERE] * 52, sliding(scene, OTHER, 52))
    assert errors.max() < 2
    assert seen[26].status is TrackStatus.LOST  # all hidden
    assert not seen[26].visible.any()
    assert statuses(seen[-5:]) == {TrackStatus.TRACKED}


def test_a_loss_is_seen_at_once_and_the_object_found_elsewhere() -> None:
    scene = PatchScene.make(*SMALL, seed=9).plain()
    hidden: Cover = (cover(scene, OTHER), left(scene) - 3, 0)
    away = scene.motion(38, 25, 20)
    seen, errors = watch(scene, [HERE] * 8 + [away] * 5, [None] * 2 + [hidden] * 6 + [None] * 5)
    assert TrackStatus.TRACKED not in statuses(seen[2:8])
    assert statuses(seen[4:8]) == {TrackStatus.LOST}
    assert statuses(seen[10:]) == {TrackStatus.TRACKED}
    assert errors[-1] < 1.5


def test_a_plain_cube_is_followed_by_colour_though_its_edges_are_corners() -> None:
    scene = PatchScene.make(*SMALL, seed=11).plain()
    cube = scene.first.copy()
    cube[: int(scene.centre[1]) - 6][scene.mask[: int(scene.centre[1]) - 6]] = (150, 35, 32)  # its upper face
    scene = replace(scene, first=cube)
    assert ObjectTracker(scene.image(HERE), scene.mask, scene.points).follows == "colour"
    seen, errors = watch(scene, [scene.motion(0, -3 * t) for t in range(10)])
    assert statuses(seen) == {TrackStatus.TRACKED}
    assert np.percentile(errors, 90) < 1.5


def test_of_two_alike_neither_is_taken_after_a_loss() -> None:
    scene = PatchScene.make(*SMALL, seed=10).plain()
    tracker = ObjectTracker(scene.image(HERE), scene.mask, scene.points)
    gone = replace(scene, mask=np.zeros_like(scene.mask))
    both = scene.image(scene.motion(-28, 40))
    there = cv2.warpPerspective(scene.mask.astype(np.uint8), scene.motion(40, -40), (128, 128)) > 0
    both[there] = scene.first[scene.mask][0]
    seen = [tracker.track(image) for image in [gone.image(HERE)] * 4 + [both] * 6]
    assert statuses(seen[3:]) == {TrackStatus.LOST}
    one = scene.image(scene.motion(-28, 40))
    assert TrackStatus.TRACKED in statuses([tracker.track(one) for _ in range(3)])


def test_the_same_images_give_the_same_answers() -> None:
    first, second = (
        watch(s, journey(s, 30)[:8])[0] for s in (PatchScene.make(*SMALL).plain() for _ in range(2))
    )
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.points_px, b.points_px)
