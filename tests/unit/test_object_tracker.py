"""The tracker against sequences whose truth is known: how exact, how soon it says lost, and what fools it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.sample_points import TooPlain
from policies.rewards.tracking.tracked_object import TrackedObject, TrackStatus
from policies.rewards.tracking.tracker_config import TrackerConfig
from robot.core.errors import ConfigError, SpecMismatch
from tests.unit.patch_scene import Image, PatchScene, texture

SMALL = (128, 128, 32)  # height, width and the patch's side, px
LARGE = (480, 640, 110)
HERE = np.eye(3)
Cover = tuple[Image, int, int] | None


def watch(
    scene: PatchScene, motions: Sequence[NDArray], covers: Sequence[Cover] | None = None
) -> tuple[list[TrackedObject], NDArray[np.float64]]:
    """What the tracker answers, and the largest error [T] px of the five keypoints."""
    tracker = ObjectTracker(scene.image(HERE), scene.mask, scene.points)
    seen = [
        tracker.track(scene.image(motion, cover))
        for motion, cover in zip(motions, covers or [None] * len(motions), strict=True)
    ]
    errors = [
        np.linalg.norm(o.points_px - scene.truth(m), axis=1).max() for o, m in zip(seen, motions, strict=True)
    ]
    return seen, np.array(errors)


def journey(scene: PatchScene, steps: int) -> list[NDArray]:
    """A quarter of the image across, up and down, turning 60 degrees and shrinking to 0.75."""
    height, width = scene.mask.shape
    shares = np.linspace(0, 1, steps + 1)[1:]
    return [
        scene.motion(0.25 * width * f, 0.1 * height * np.sin(6 * f), 60 * f, 1 - 0.25 * f) for f in shares
    ]


def statuses(seen: list[TrackedObject]) -> set[TrackStatus]:
    return {o.status for o in seen}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("size", "steps"), [(SMALL, 40), (LARGE, 12)])
def test_moving_turning_and_shrinking(size: tuple[int, int, int], steps: int, seed: int) -> None:
    scene = PatchScene.make(*size, seed=seed)
    seen, errors = watch(scene, journey(scene, steps))
    assert statuses(seen) == {TrackStatus.TRACKED}
    assert np.median(errors) < 0.3
    assert np.percentile(errors, 90) < 0.5
    assert all(o.visible.all() for o in seen)


def test_errors_do_not_add_up() -> None:
    scene = PatchScene.make(*SMALL, seed=4)
    around = [scene.motion(8 * np.sin(t / 8), 8 * np.cos(t / 8) - 8, 20 * np.sin(t / 5)) for t in range(120)]
    _, errors = watch(scene, around)
    assert np.percentile(errors[-40:], 90) < 0.5


def test_a_tilting_object_needs_the_homography() -> None:
    scene = PatchScene.make(*LARGE, seed=5)
    tilts = [scene.tilt(0.0002 * t) for t in range(1, 13)]
    _, errors = watch(scene, tilts)
    assert np.percentile(errors, 90) < 0.5
    flat = ObjectTracker(scene.image(HERE), scene.mask, scene.points, TrackerConfig(homography_from_px=999))
    last = [flat.track(scene.image(tilt)) for tilt in tilts][-1]
    assert np.linalg.norm(last.points_px - scene.truth(tilts[-1]), axis=1).max() > 3 * errors[-1]


def test_brightness_and_noise_do_not_matter() -> None:
    scene = PatchScene.make(*SMALL, seed=6, noise=6.0)
    dimmed = replace(scene, table=_dim(scene.table), first=_dim(scene.first))
    tracker = ObjectTracker(scene.image(HERE), scene.mask, scene.points)
    seen = [tracker.track(dimmed.image(motion)) for motion in journey(scene, 40)[:15]]
    assert statuses(seen) == {TrackStatus.TRACKED}
    truth = scene.truth(journey(scene, 40)[14])
    assert np.linalg.norm(seen[-1].points_px - truth, axis=1).max() < 1.0


def _dim(image: Image) -> Image:
    return (0.6 * image).astype(np.uint8)


def cover(scene: PatchScene, tint: tuple[float, float, float], larger_px: int = 6) -> Image:
    side = int(np.sqrt(scene.mask.sum())) + larger_px
    return texture(np.random.default_rng(99), scene.mask.shape[0], side, tint)


def left(scene: PatchScene) -> int:
    return int(np.nonzero(scene.mask)[1].min())


@pytest.mark.parametrize("tint", [(0.8, 0.9, 1.2), (1.1, 0.95, 0.8)], ids=["another colour", "its colour"])
def test_a_slow_cover_drags_nothing_along(tint: tuple[float, float, float]) -> None:
    """It slides over the whole object, a pixel and a half a frame, and off again at the other side."""
    scene = PatchScene.make(*SMALL, seed=7)
    thing = cover(scene, tint)
    side = thing.shape[1]
    places = np.rint(np.linspace(left(scene) - 3 - side, left(scene) - 3 + side, 52)).astype(int)
    seen, errors = watch(scene, [HERE] * 52, [(thing, int(x), 0) for x in places])
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


def test_the_same_images_give_the_same_answers_and_they_stay() -> None:
    first, second = (
        watch(scene, journey(scene, 40)[:10])[0]
        for scene in (PatchScene.make(*SMALL), PatchScene.make(*SMALL))
    )
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.points_px, b.points_px)
        assert a.inliers == b.inliers
    with pytest.raises(ValueError, match="read-only"):
        first[0].points_px[0, 0] = 0.0


def test_the_motion_takes_pixels_back_to_the_anchor_image() -> None:
    scene = PatchScene.make(*SMALL, seed=12)
    (seen,), _ = watch(scene, [scene.motion(3, 2, 4)])
    back = np.column_stack([seen.points_px, np.ones(5)]) @ seen.T_anchor_now.T
    np.testing.assert_allclose(back[:, :2] / back[:, 2:], scene.points, atol=1e-6)


def test_what_cannot_be_tracked_is_refused() -> None:
    scene = PatchScene.make(*SMALL)
    plain = np.full((128, 128, 3), 120, np.uint8)
    with pytest.raises(TooPlain, match="holds 0 points with pattern"):
        ObjectTracker(plain, scene.mask, scene.points)
    with pytest.raises(SpecMismatch, match="mask has shape"):
        ObjectTracker(plain, scene.mask[:60], scene.points)
    with pytest.raises(SpecMismatch, match="want uint8 RGB"):
        ObjectTracker(plain[..., 0], scene.mask, scene.points)
    with pytest.raises(SpecMismatch, match="want the anchor image's"):
        ObjectTracker(scene.image(HERE), scene.mask, scene.points).track(plain[:60])
    with pytest.raises(ConfigError, match="2 problems"):
        TrackerConfig(search_every=0, window_px=10)
