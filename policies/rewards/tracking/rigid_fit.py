"""The rigid motion in space that most lifted points agree on, and what it says about the hidden ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.errors import SpecMismatch

Points = NDArray[np.float64]  # [N, 3] m

_HYPOTHESES = 200
_FEWEST = 4  # three define a motion, the fourth agrees with it
_LEAST_SHARE = 0.3  # of the lifted points must agree: a few always do by chance
_FLAT = 1e-3  # second singular value over the first: points on a line leave the turn about it open


@dataclass(frozen=True)
class RigidMotion:
    """A motion and the points it explains; its arrays cannot be written to."""

    T: NDArray[np.float64]  # [4, 4] takes the first points to the second
    inliers: NDArray[np.bool_]  # [N]
    rms_m: float  # of the inliers

    def __post_init__(self) -> None:
        self.T.setflags(write=False)
        self.inliers.setflags(write=False)

    def move(self, points_m: ArrayLike) -> Points:
        """Points [N, 3] m through the motion; so hidden keypoints follow the seen ones."""
        return np.asarray(points_m, np.float64) @ self.T[:3, :3].T + self.T[:3, 3]


def kabsch(first: Points, second: Points) -> NDArray[np.float64]:
    """``T [4, 4]`` with the least squared error from first to second [..., N, 3] (Kabsch 1976), no mirroring.

    Works on stacks of point sets at once.
    """
    a_mean, b_mean = first.mean(axis=-2, keepdims=True), second.mean(axis=-2, keepdims=True)
    u, _, vt = np.linalg.svd(np.swapaxes(first - a_mean, -1, -2) @ (second - b_mean))
    v, ut = np.swapaxes(vt, -1, -2), np.swapaxes(u, -1, -2)
    sign = np.ones(v.shape[:-1])
    sign[..., 2] = np.where(np.linalg.det(v @ ut) < 0, -1.0, 1.0)
    R = (v * sign[..., None, :]) @ ut
    T = np.broadcast_to(np.eye(4), (*R.shape[:-2], 4, 4)).copy()
    T[..., :3, :3] = R
    T[..., :3, 3] = (b_mean - a_mean @ np.swapaxes(R, -1, -2))[..., 0, :]
    return T


def fit_rigid(first_m: ArrayLike, second_m: ArrayLike, tolerance_m: float) -> RigidMotion | None:
    """The motion of one rigid object from points lifted in two images; deterministic RANSAC.

    Args:
        first_m: [N, 3] the points then, by depth or two cameras; NaN rows were not lifted, so are outliers.
        second_m: [N, 3] the same points now.
        tolerance_m: of an inlier; the lifting's error, some millimetres.

    Returns:
        None where fewer than four points or 30 % of them agree, or they lie on a line.
    """
    a, b = np.asarray(first_m, np.float64), np.asarray(second_m, np.float64)
    if a.shape != b.shape or a.ndim != 2 or a.shape[1] != 3:
        raise SpecMismatch(f"points have shapes {a.shape} and {b.shape}, want [N, 3] and the same in metres")
    lifted = np.isfinite(a).all(axis=1) & np.isfinite(b).all(axis=1)
    inliers = np.zeros(len(a), bool)
    agreed = _agreed(a[lifted], b[lifted], tolerance_m)
    if agreed is None:
        return None
    T, inliers[lifted] = agreed
    gaps = _gaps(T, a[inliers], b[inliers])
    return RigidMotion(T, inliers, float(np.sqrt(np.mean(gaps**2))))


def _agreed(a: Points, b: Points, tolerance_m: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    fewest = max(_FEWEST, int(np.ceil(_LEAST_SHARE * len(a))))
    if len(a) < fewest:
        return None
    triples = _triples(len(a))
    hypotheses = kabsch(a[triples], b[triples])
    inliers = _gaps(hypotheses, a, b) <= tolerance_m  # [hypotheses, N]
    best = inliers[int(np.argmax(np.count_nonzero(inliers, axis=1)))]
    T = np.eye(4)
    for _ in range(2):
        if np.count_nonzero(best) < fewest or _on_a_line(a[best]):
            return None
        T = kabsch(a[best], b[best])
        best = _gaps(T, a, b) <= tolerance_m
    return (T, best) if np.count_nonzero(best) >= fewest else None


def _triples(count: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(count)  # its own seed: the same points give the same motion
    return np.argsort(rng.random((_HYPOTHESES, count)), axis=1)[:, :3]


def _gaps(T: NDArray[np.float64], a: Points, b: Points) -> NDArray[np.float64]:
    """Distances [..., N] m of moved first points to second ones, for transforms [..., 4, 4]."""
    moved = a @ np.swapaxes(T[..., :3, :3], -1, -2) + T[..., None, :3, 3]
    return np.linalg.norm(moved - b, axis=-1)


def _on_a_line(points: Points) -> bool:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
    return bool(spread[1] <= _FLAT * spread[0])
