"""How exactly the tracker follows what moves, turns, shrinks, tilts and dims; the truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from policies.rewards.tracking.anchor import TooPlain
from policies.rewards.tracking.object_tracker import ObjectTracker
from policies.rewards.tracking.tracked_object import TrackStatus
from policies.rewards.tracking.tracker_config import TrackerConfig
from robot.core.errors import ConfigError, SpecMismatch
from tests.unit.patch_scene import HERE, LARGE, SMALL, Image, PatchScene
from tests.unit.tracker_watch import journey, statuses, watch


@pytest.mark.parametrize("seed", range(2))
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
    around = [scene.motion(8 * np.sin(t / 8), 8 * np.cos(t / 8) - 8, 20 * np.sin(t / 5)) for t in range(80)]
    _, errors = watch(scene, around)
    assert np.percentile(errors[-40:], 90) < 0.5


def test_a_tilting_object_needs_the_homography() -> None:
    scene = PatchScene.make(*LARGE, seed=5)
    tilts = [scene.tilt(0.0004 * t) for t in range(1, 9)]
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
    with pytest.raises(TooPlain, match=r"overlap by 0%.*; .* holds 0 points with pattern"):
        ObjectTracker(plain, scene.mask, scene.points)
    with pytest.raises(SpecMismatch, match="mask has shape"):
        ObjectTracker(plain, scene.mask[:60], scene.points)
    with pytest.raises(SpecMismatch, match="want uint8 RGB"):
        ObjectTracker(plain[..., 0], scene.mask, scene.points)
    with pytest.raises(SpecMismatch, match="want the anchor image's"):
        ObjectTracker(scene.image(HERE), scene.mask, scene.points).track(plain[:60])
    with pytest.raises(ConfigError, match="2 problems"):
        TrackerConfig(search_every=0, window_px=10)
