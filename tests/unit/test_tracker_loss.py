"""Something laid over a tracked object, or the object gone or elsewhere: said at once, never followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.tracked_object import TrackStatus
from tests.unit.patch_scene import HERE, LARGE, SMALL, PatchScene
from tests.unit.tracker_watch import Cover, cover, left, sliding, statuses, watch


@pytest.mark.parametrize("tint", [(0.8, 0.9, 1.2), (1.1, 0.95, 0.8)], ids=["another colour", "its colour"])
def test_a_slow_cover_drags_nothing_along(tint: tuple[float, float, float]) -> None:
    """It slides over the whole object, a pixel and a half a frame, and off again at the other side."""
    scene = PatchScene.make(*SMALL, seed=7)
    seen, errors = watch(scene, [HERE] * 52, sliding(scene, tint, 52))
    tracked = np.array([o.status is TrackStatus.TRACKED for o in seen])
    assert np.percentile(errors[tracked], 90) < 0.6
    assert errors.max() < 1.5
    assert seen[26].status is TrackStatus.LOST  # all hidden
    assert not seen[26].visible.any()
    assert tracked[-5:].all()


def test_hidden_points_are_told_from_seen_ones() -> None:
    scene = PatchScene.make(*SMALL, seed=8)
    half = (cover(scene, (0.8, 0.9, 1.2)), left(scene) - 22, 0)  # the left half
    seen, errors = watch(scene, [HERE] * 5, [half] * 5)
    on_left = scene.points[:, 0] < scene.centre[0] - 1
    assert not seen[-1].visible[on_left].any()
    assert seen[-1].visible[scene.points[:, 0] > scene.centre[0] + 1].all()
    assert errors.max() < 1.5  # the hidden ones are where the rest of the object says


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_loss_is_seen_at_once_and_the_object_found_elsewhere(size: tuple[int, int, int]) -> None:
    scene = PatchScene.make(*size, seed=9)
    hidden: Cover = (cover(scene, (1.1, 0.95, 0.8)), left(scene) - 3, 0)
    away = scene.motion(0.3 * size[1], 0.2 * size[0], 50)
    seen, errors = watch(scene, [HERE] * 8 + [away] * 5, [None] * 2 + [hidden] * 6 + [None] * 5)
    assert statuses(seen[:2]) == {TrackStatus.TRACKED}
    assert TrackStatus.TRACKED not in statuses(seen[2:8])  # suspect in the very frame
    assert statuses(seen[4:8]) == {TrackStatus.LOST}  # and lost with the third
    assert seen[10].status is TrackStatus.TRACKED  # a search every third frame
    assert errors[10:].max() < 0.7


def test_a_jump_no_hand_can_make_is_not_followed_at_once() -> None:
    scene = PatchScene.make(*SMALL, seed=10)
    seen, errors = watch(scene, [HERE] * 2 + [scene.motion(40, 0)] * 9)
    assert seen[2].status is TrackStatus.SUSPECT
    assert seen[-1].status is TrackStatus.TRACKED
    assert errors[-1] < 0.7


def test_an_object_that_is_gone_is_not_found_in_the_table() -> None:
    scene = PatchScene.make(*SMALL, seed=11)
    empty = replace(scene, mask=np.zeros_like(scene.mask))
    tracker = ObjectTracker(scene.image(HERE), scene.mask, scene.points)
    seen = [tracker.track(empty.image(HERE)) for _ in range(12)]
    assert statuses(seen[3:]) == {TrackStatus.LOST}
