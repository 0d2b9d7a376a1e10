"""The one motion in the image that most point pairs agree on, found by RANSAC; the same every time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # [N, 2] px
Matrix = NDArray[np.float64]  # [3, 3] homogeneous

Model = Literal["similarity", "homography"]

_HYPOTHESES = 200
_FEWEST_FOR_HOMOGRAPHY = 12
_LOOSER = 2.5  # a homography starts from a similarity, which its outer points miss by more


@dataclass(frozen=True)
class PlanarMotion:
    """A motion and the pairs it explains."""

    T: Matrix  # maps the first points to the second
    inliers: NDArray[np.bool_]  # [N]


def move(T: Matrix, points: Points) -> Points:
    """Points [N, 2] through a homogeneous [3, 3]; infinite ones come out as NaN."""
    moved = np.column_stack([points, np.ones(len(points))]) @ T.T
    scale = np.where(np.abs(moved[:, 2:]) > 1e-12, moved[:, 2:], np.nan)
    return moved[:, :2] / scale


def inverse(T: Matrix) -> Matrix:
    """The way back, with 1 in the last place."""
    back = np.asarray(np.linalg.inv(T), np.float64)
    return back / back[2, 2]


def fit_motion(
    first: Points, second: Points, tolerance_px: float, model: Model, scale: float | None = None
) -> PlanarMotion | None:
    """The "similarity" or "homography" that takes ``first`` to ``second``; None without three agreeing pairs.

    Every hypothesis is a similarity of two pairs, tried at once on all points as complex numbers
    (w = a z + b). The winner is fitted to its inliers by least squares, twice. A homography starts from
    there; with too few inliers to tell perspective from noise it stays a similarity. With a ``scale`` a
    similarity has this one, and only turn and shift are fitted.
    """
    if len(first) < 3:
        return None
    loose = tolerance_px * (_LOOSER if model == "homography" else 1.0)
    inliers = _consensus(_complex(first), _complex(second), loose, scale)
    T = np.eye(3)
    for _ in range(2):
        if np.count_nonzero(inliers) < 3:
            return None
        T = least_squares(first[inliers], second[inliers], model, scale)
        inliers = _agree(T, first, second, tolerance_px)
    return PlanarMotion(T, inliers) if np.count_nonzero(inliers) >= 3 else None


def _agree(T: Matrix, first: Points, second: Points, tolerance_px: float) -> NDArray[np.bool_]:
    gaps = np.linalg.norm(move(T, first) - second, axis=1)
    return np.nan_to_num(gaps, nan=np.inf) <= tolerance_px


def _consensus(
    z: NDArray[np.complex128], w: NDArray[np.complex128], tolerance_px: float, scale: float | None
) -> NDArray[np.bool_]:
    i, j = _pairs(len(z))
    apart = np.abs(z[j] - z[i]) > 2.0 * tolerance_px  # nearer pairs say nothing about the rotation
    if not apart.any():
        return np.zeros(len(z), bool)
    i, j = i[apart], j[apart]
    a = _scaled((w[j] - w[i]) / (z[j] - z[i]), scale)
    b = (w[i] + w[j] - a * (z[i] + z[j])) / 2
    agree = np.abs(a[:, None] * z + b[:, None] - w) <= tolerance_px  # [hypotheses, N]
    return agree[int(np.argmax(np.count_nonzero(agree, axis=1)))]


@lru_cache(maxsize=256)
def _pairs(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    rng = np.random.default_rng(count)  # its own seed: the same points give the same motion
    i = rng.integers(count, size=_HYPOTHESES)
    j = (i + rng.integers(1, count, size=_HYPOTHESES)) % count
    i.setflags(write=False)
    j.setflags(write=False)
    return i, j


def _scaled(a: NDArray[np.complex128], scale: float | None) -> NDArray[np.complex128]:
    return a if scale is None else scale * a / np.maximum(np.abs(a), 1e-12)


def least_squares(first: Points, second: Points, model: Model, scale: float | None = None) -> Matrix:
    """The motion [3, 3] with the least squared error over all pairs [N, 2], N at least 2."""
    if model == "homography" and len(first) >= _FEWEST_FOR_HOMOGRAPHY:
        T, _ = cv2.findHomography(first, second, 0)
        if T is not None:
            return np.asarray(T, np.float64)
    z, w = _complex(first), _complex(second)
    z_mean, w_mean = z.mean(), w.mean()
    spread = np.sum(np.abs(z - z_mean) ** 2)
    a = np.sum(np.conj(z - z_mean) * (w - w_mean)) / spread if spread > 0 else np.complex128(1.0)
    a = _scaled(np.asarray(a), scale)
    b = w_mean - a * z_mean
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag], [0.0, 0.0, 1.0]])


def _complex(points: Points) -> NDArray[np.complex128]:
    return points[:, 0] + 1j * points[:, 1]
