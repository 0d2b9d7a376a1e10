"""Pixels to points in base: exact without noise, honest about noise, and refused where it cannot work."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.lift import LiftError, depth_at, from_depth, from_height, triangulate
from robot.core import se3

K = np.array([[300.0, 0.0, 159.5], [0.0, 300.0, 119.5], [0.0, 0.0, 1.0]])
LENS = np.array([-0.1, 0.02, 0.0005, 0.0, 0.0])


def looking(eye: list[float], at: list[float]) -> PinholeCamera:
    forward = np.subtract(at, eye) / np.linalg.norm(np.subtract(at, eye))
    right = np.cross(forward, [0.0, 0.0, 1.0] if abs(forward[2]) < 0.99 else [1.0, 0.0, 0.0])
    right /= np.linalg.norm(right)
    R = np.column_stack([right, np.cross(forward, right), forward])
    return PinholeCamera(K, LENS, 320, 240, se3.transform(R, eye))


CAMERAS = {
    "top": looking([0.5, 0.0, 0.6], [0.5, 0.0, 0.0]),
    "side": looking([1.0, 0.1, 0.2], [0.5, 0.0, 0.05]),
}
inside = st.tuples(st.floats(0.42, 0.58), st.floats(-0.1, 0.1), st.floats(0.0, 0.15)).map(np.array)


def seen(point: np.ndarray) -> dict[str, np.ndarray]:
    return {name: c.project(point)[0] for name, c in CAMERAS.items()}


@settings(max_examples=30, deadline=None)
@given(inside)
def test_every_way_finds_the_point_itself(point: np.ndarray) -> None:
    top = CAMERAS["top"]
    pixel = top.project(point)[0]
    depth_m = float(top.in_camera(point)[0, 2])
    lifted = [triangulate(seen(point), CAMERAS), from_depth(pixel, depth_m, top)]
    lifted.append(from_height(pixel, top, float(point[2])))
    for found in lifted:
        np.testing.assert_allclose(found.point_m, point, atol=2e-5)
    assert lifted[0].residual_px < 0.02
    assert lifted[0].angle_rad > 0.5


def test_the_stated_uncertainty_is_that_of_noisy_pixels() -> None:
    point, rng = np.array([0.52, 0.03, 0.06]), np.random.default_rng(0)
    noisy = [{n: p + rng.normal(0, 2.0, 2) for n, p in seen(point).items()} for _ in range(150)]
    off = np.array([triangulate(n, CAMERAS, max_residual_px=99).point_m - point for n in noisy])
    stated = triangulate(seen(point), CAMERAS, pixel_std=2.0)
    np.testing.assert_allclose(off.std(axis=0), np.sqrt(np.diag(stated.covariance_m2)), rtol=0.25)
    assert stated.std_m < 0.006


def test_a_height_that_is_not_sure_widens_the_point_along_z() -> None:
    lifted = from_height(np.array([200.0, 100.0]), CAMERAS["top"], 0.05, height_std_m=0.02)
    assert np.sqrt(lifted.covariance_m2[2, 2]) == pytest.approx(0.02, rel=1e-3)


def test_views_of_different_things_are_refused_with_the_residual_of_each() -> None:
    pixels = seen(np.array([0.5, 0.0, 0.05]))
    pixels["side"] = pixels["side"] + [0.0, 60.0]
    pixels["top"] = pixels["top"] + [60.0, 0.0]
    with pytest.raises(LiftError, match=r"views disagree by \d+\.\d px \(side .*, top .*\); want at most 10"):
        triangulate(pixels, CAMERAS)


def test_parallel_rays_and_single_views_are_refused() -> None:
    near = {"a": CAMERAS["top"], "b": looking([0.5, 0.01, 0.6], [0.5, 0.01, 0.0])}
    pixels = {n: c.project(np.array([0.5, 0.0, 0.0]))[0] for n, c in near.items()}
    with pytest.raises(LiftError, match="cameras further apart"):
        triangulate(pixels, near)
    with pytest.raises(LiftError, match="add a view"):
        triangulate({"top": np.zeros(2)}, CAMERAS)


def test_a_ray_that_never_comes_down_is_refused() -> None:
    with pytest.raises(LiftError, match="steeper view"):
        from_height(np.array([160.0, 120.0]), CAMERAS["top"], 0.7)
    with pytest.raises(LiftError, match="steeper view"):
        from_height(np.array([160.0, 0.0]), looking([1.0, 0.0, 0.2], [0.0, 0.0, 0.2]), 0.0)


def test_depth_is_the_median_of_the_valid_neighbours() -> None:
    image = np.full((20, 30), 0.5)
    image[9:12, 14:17] = [[0.0, np.nan, 0.4], [0.0, 0.0, 0.4], [0.4, 0.4, 0.9]]
    assert depth_at(image, np.array([[15.2, 9.8]]), radius_px=1) == pytest.approx([0.4])
    with pytest.raises(LiftError, match="outside the depth image of 30x20"):
        depth_at(image, np.array([[30.0, 0.0]]))
    with pytest.raises(LiftError, match="no depth within 2 px"):
        depth_at(np.zeros((20, 30)), np.array([[5.0, 5.0]]))
    with pytest.raises(LiftError, match="positive"):
        from_depth(np.zeros(2), 0.0, CAMERAS["top"])
