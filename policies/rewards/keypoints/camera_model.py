"""A calibrated camera: from points in the robot's base frame to pixels, and from pixels to rays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from policies.rewards.keypoints.sent_image import Pixels
from robot.core import se3
from robot.core.errors import NudgeError
from robot.core.types import CameraInfo

_UNDISTORT_ROUNDS = 60
_UNDISTORT_PX = 0.01
_UNDISTORTED = 1e-12


class CameraModelError(NudgeError):
    """Numbers that are no camera, or a pixel whose ray the lens model cannot give."""


@dataclass(frozen=True, eq=False)
class PinholeCamera:
    """Pinhole with plumb_bob lens terms (Brown-Conrady), as OpenCV and sensor_msgs/CameraInfo have it.

    Units: K in pixels of an image of width x height, T_base_cam in metres, z forward, x right, y down.
    """

    K: np.ndarray  # [3, 3]
    distortion: np.ndarray  # [5] k1 k2 p1 p2 k3
    width: int
    height: int
    T_base_cam: np.ndarray  # [4, 4]

    def __post_init__(self) -> None:
        for name, shape in (("K", (3, 3)), ("distortion", (5,)), ("T_base_cam", (4, 4))):
            object.__setattr__(self, name, _checked(name, getattr(self, name), shape))
        R = self.T_base_cam[:3, :3]
        if not np.allclose(R @ R.T, np.eye(3), atol=1e-4) or np.linalg.det(R) < 0:
            raise CameraModelError("T_base_cam has no rotation in it; give a rigid pose of cam in base")
        if min(self.K[0, 0], self.K[1, 1]) <= 0 or min(self.width, self.height) < 1:
            raise CameraModelError(
                f"focal lengths {self.K[0, 0]:g}, {self.K[1, 1]:g} px and size {self.size} px must be "
                "positive; an uncalibrated camera has zeros: calibrate it first"
            )

    @classmethod
    def from_info(cls, info: CameraInfo, T_base_cam: np.ndarray) -> PinholeCamera:
        """The camera of a published CameraInfo, at this pose."""
        return cls(info.K, info.distortion, info.width, info.height, T_base_cam)

    @property
    def size(self) -> tuple[int, int]:
        """Width, height in pixels."""
        return self.width, self.height

    @property
    def origin(self) -> np.ndarray:
        """The optical centre [3] in base, m."""
        return self.T_base_cam[:3, 3]

    @property
    def fingerprint(self) -> str:
        """16 hex digits that change with any number of the calibration."""
        numbers = [*self.K.ravel(), *self.distortion, *self.size, *self.T_base_cam.ravel()]
        return hashlib.sha256(np.asarray(numbers, "<f8").tobytes()).hexdigest()[:16]

    def scaled(self, width: int, height: int) -> PinholeCamera:
        """The same camera, its image resized; edges map to edges, so pixel centres shift by half a pixel."""
        sx, sy = width / self.width, height / self.height
        shift = np.array([[sx, 0.0, (sx - 1) / 2], [0.0, sy, (sy - 1) / 2], [0.0, 0.0, 1.0]])
        return PinholeCamera(shift @ self.K, self.distortion, width, height, self.T_base_cam)

    def in_camera(self, points_m: np.ndarray) -> np.ndarray:
        """Points [N, 3] of base in the camera's own frame [N, 3]; the last column is the depth, m."""
        return _homogeneous(points_m) @ self._T_cam_base[:3].T

    def project(self, points_m: np.ndarray) -> Pixels:
        """Pixels [N, 2] of points [N, 3] in base; NaN for those not in front of the camera.

        NaN too where the lens terms fold back: a point far outside the view would seem to lie inside.
        """
        local = self.in_camera(points_m)
        depth = np.where(local[:, 2] > 1e-6, local[:, 2], np.nan)
        flat = local[:, :2] / depth[:, None]
        flat[np.hypot(*flat.T) > self._fold] = np.nan
        return self._to_pixels(_distort(flat, self.distortion))

    def rays(self, pixels: Pixels) -> tuple[np.ndarray, np.ndarray]:
        """Origin [3] and unit directions [N, 3] in base of what these pixels [N, 2] see.

        CameraModelError where the lens terms cannot be undone, far outside the calibrated picture.
        """
        flat = np.column_stack([self.normalised(pixels), np.ones(len(np.reshape(pixels, (-1, 2))))])
        directions = flat @ self.T_base_cam[:3, :3].T
        return self.origin.copy(), directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def normalised(self, pixels: Pixels) -> np.ndarray:
        """Pixels [N, 2] as x/z, y/z [N, 2] in the camera's frame, lens terms undone (fixed point)."""
        pixels = np.asarray(pixels, float).reshape(-1, 2)
        seen = np.column_stack([pixels, np.ones(len(pixels))]) @ np.linalg.inv(self.K)[:2].T
        flat = seen
        for _ in range(_UNDISTORT_ROUNDS):
            off = seen - _distort(flat, self.distortion)
            if np.abs(off).max(initial=0.0) < _UNDISTORTED:
                break
            flat = flat + off
        off_px = np.linalg.norm(self._to_pixels(_distort(flat, self.distortion)) - pixels, axis=1)
        if not (off_px < _UNDISTORT_PX).all():
            worst = pixels[int(np.nanargmax(np.where(np.isnan(off_px), np.inf, off_px)))]
            raise CameraModelError(
                f"no ray for pixel {worst}: the lens model cannot be undone there; recalibrate"
            )
        return flat

    def sees(self, points_m: np.ndarray) -> np.ndarray:
        """Which points [N] lie in front of the camera and inside its picture."""
        pixels = self.project(points_m)
        return np.all((pixels >= -0.5) & (pixels <= np.asarray(self.size) - 0.5), axis=1)

    @cached_property
    def _fold(self) -> float:
        """The x/z, y/z radius up to which the lens terms move points that are further out further out."""
        k1, k2, _, _, k3 = self.distortion
        roots = np.roots([7 * k3, 5 * k2, 3 * k1, 1.0])  # of d(r * radial)/dr, in r squared
        real = [r.real for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
        return float(np.sqrt(min(real))) if real else np.inf

    @cached_property
    def _T_cam_base(self) -> np.ndarray:
        return se3.inverse(self.T_base_cam)

    def _to_pixels(self, flat: np.ndarray) -> Pixels:
        return np.column_stack([flat, np.ones(len(flat))]) @ self.K[:2].T


def calibration_id(cameras: Mapping[str, PinholeCamera]) -> str:
    """16 hex digits of all the calibrations that a plan rests on, whatever the order of the names."""
    joined = "\n".join(f"{name} {cameras[name].fingerprint}" for name in sorted(cameras))
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def _distort(flat: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    k1, k2, p1, p2, k3 = distortion
    x, y = flat[:, 0], flat[:, 1]
    with np.errstate(over="ignore", invalid="ignore"):  # what runs away is caught by its residual
        r2 = x * x + y * y
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        dx = 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
        dy = p1 * (r2 + 2 * y * y) + 2 * p2 * x * y
        return np.column_stack([x * radial + dx, y * radial + dy])


def _homogeneous(points_m: np.ndarray) -> np.ndarray:
    points = np.asarray(points_m, float).reshape(-1, 3)
    return np.column_stack([points, np.ones(len(points))])


def _checked(name: str, value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    array = np.array(value, float)
    if array.shape != shape or not np.isfinite(array).all():
        raise CameraModelError(f"{name} has shape {array.shape}; want finite numbers of shape {shape}")
    array.setflags(write=False)
    return array
