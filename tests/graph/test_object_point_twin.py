"""The grasp point against the twin's truth, over demonstrations seen through its rendered cameras."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.tracking_runs.film import CAMERAS, Film, Studio, Trouble
from benchmarks.tracking_runs.follow import CLEAR, HIDDEN, Track, follow
from benchmarks.tracking_runs.loss import loss


def film(trouble: Trouble, seed: int, size: int = 128) -> Film:
    studio = Studio((size,), trouble)
    try:
        return studio.film(seed, 40)
    finally:
        studio.close()


def tracked(scene: Film, cameras: tuple[str, ...], size: int) -> Track:
    track = follow(scene, cameras, size)
    assert isinstance(track, Track), track
    return track


def test_one_small_camera_follows_a_lift_to_a_few_millimetres() -> None:
    scene = film("none", seed=0)
    track = tracked(scene, ("front",), 128)
    given = np.isfinite(track.error_m)
    assert given.mean() > 0.9
    assert np.nanmax(track.error_m) < 0.006
    assert track.by[0] == "rest"
    assert track.by[-1] == "held"
    assert scene.shots[-1].cube_m[2] > 0.08  # it was lifted, so the error is one over motion
    assert (track.confidence[given] > 0.2).all()
    refused = follow(scene, ("room",), 128)
    assert isinstance(refused, str)
    assert "7 px across in room" in refused


def test_two_cameras_need_no_height() -> None:
    track = tracked(film("none", seed=1, size=256), CAMERAS, 256)
    assert track.by[5] == "views"
    assert np.nanpercentile(track.error_m, 95) < 0.004


@pytest.mark.parametrize("trouble", ["red arm", "blackout"])
def test_what_is_hidden_gets_no_point_and_is_found_again(trouble: Trouble) -> None:
    """Seed 1 is grasped and lifted while it cannot be seen, or seen last in the air."""
    track = tracked(film(trouble, seed=1), ("front",), 128)
    assert ((track.shown < HIDDEN).any(), (track.shown[-3:] > CLEAR).all()) == (True, True)
    found = loss(track)
    assert found.false_steps == 0
    assert found.lost_after is not None
    assert found.lost_after <= 3
    assert found.recovered_after is not None
    assert found.recovered_after <= 5
    assert found.wrong_after_steps == 0


@pytest.mark.parametrize("trouble", ["dropped", "knocked"])
def test_what_leaves_the_hand_is_no_longer_held(trouble: Trouble) -> None:
    track = tracked(film(trouble, seed=2), ("front",), 128)
    after = np.flatnonzero(track.loose)
    assert "held" in track.by[: after[0]]
    assert "held" not in track.by[after[0] + 2 :]
    assert track.error_m[-1] < 0.005
