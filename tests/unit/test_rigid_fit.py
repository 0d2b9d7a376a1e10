"""Rigid motion of lifted points: exact without noise, right with it, and honest when it cannot be told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.rewards.tracking.rigid_fit import fit_rigid, kabsch
from robot.core.errors import SpecMismatch
from robot.core.se3 import exp_so3, log_so3, transform


def motion(rng: np.random.Generator) -> np.ndarray:
    return transform(exp_so3(rng.normal(size=3)), rng.normal(0, 0.2, 3))


def moved(T: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ T[:3, :3].T + T[:3, 3]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_an_exact_motion_is_found_exactly(seed: int, flat: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.05, 0.05, (12, 3)) * [1, 1, 0 if flat else 1]
    T = motion(rng)
    found = fit_rigid(points, moved(T, points), 0.001)
    assert found is not None
    np.testing.assert_allclose(found.T, T, atol=1e-9)
    assert found.inliers.all()


def test_half_of_the_points_may_be_wrong() -> None:
    rng = np.random.default_rng(0)
    points, T = rng.uniform(-0.05, 0.05, (40, 3)), motion(rng)
    now = moved(T, points) + rng.normal(0, 0.001, (40, 3))
    now[:18] = rng.uniform(-0.3, 0.3, (18, 3))
    now[18:20] = np.nan  # not lifted
    found = fit_rigid(points, now, 0.004)
    assert found is not None
    assert not found.inliers[:20].any()
    assert found.inliers[20:].sum() >= 19
    assert np.linalg.norm(log_so3(found.T[:3, :3].T @ T[:3, :3])) < np.radians(2)
    hidden = moved(T, points[:5])
    assert np.linalg.norm(found.move(points[:5]) - hidden, axis=1).max() < 0.002
    assert 0.0005 < found.rms_m < 0.002


def test_mirrored_points_are_no_motion() -> None:
    points = np.random.default_rng(1).uniform(-0.05, 0.05, (20, 3))
    R = kabsch(points, points * [1, 1, -1])[:3, :3]
    assert np.linalg.det(R) == pytest.approx(1)
    assert fit_rigid(points, points * [1, 1, -1], 0.001) is None


def test_what_leaves_the_motion_open_gives_none() -> None:
    rng = np.random.default_rng(2)
    line = np.linspace(0, 0.1, 10)[:, None] * [1, 0, 0]
    assert fit_rigid(line, line, 0.001) is None
    cloud = rng.uniform(-0.05, 0.05, (30, 3))
    assert fit_rigid(cloud, rng.uniform(-0.5, 0.5, (30, 3)), 0.001) is None
    assert fit_rigid(cloud[:3], cloud[:3], 0.001) is None
    with pytest.raises(SpecMismatch, match=r"\(30, 3\) and \(3, 3\)"):
        fit_rigid(cloud, cloud[:3], 0.001)


def test_the_same_points_give_the_same_motion() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(-0.05, 0.05, (30, 3))
    now = points + rng.normal(0, 0.003, (30, 3))
    a, b = (fit_rigid(points, now, 0.004) for _ in range(2))
    assert a is not None
    assert b is not None
    np.testing.assert_array_equal(a.T, b.T)
