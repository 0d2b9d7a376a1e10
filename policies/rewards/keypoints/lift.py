"""From pixels to points in the robot's base frame, each with what an assumed pixel error makes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.rewards.keypoints.sent_image import Pixels
from robot.core.errors import NudgeError

PIXEL_STD = 2.0  # of a person's click or a model's point in a frame of some hundred pixels
MIN_ANGLE_RAD = np.deg2rad(5.0)  # between rays, or between ray and plane: below, depth is a guess
_MAX_SIGMAS = 5.0
_ROUNDS = 10
_STEP = 1e-4


class LiftError(NudgeError):
    """A point that cannot be placed in space well enough; the message says what to change."""


@dataclass(frozen=True, eq=False)
class LiftedPoint:
    """A point in base, with its covariance, and how well the views agree."""

    point_m: np.ndarray  # [3]
    covariance_m2: np.ndarray  # [3, 3]
    method: Literal["views", "depth", "height", "truth"]
    residual_px: float = 0.0  # rms over the views; 0 where one view leaves nothing to disagree
    angle_rad: float = 0.0  # the widest between two rays; 0 for one view

    @property
    def std_m(self) -> float:
        """Standard deviation along the worst direction, m."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance_m2)[-1]))


def triangulate(
    pixels: Mapping[str, np.ndarray],
    cameras: Mapping[str, PinholeCamera],
    pixel_std: float = PIXEL_STD,
    max_residual_px: float = _MAX_SIGMAS * PIXEL_STD,
    min_angle_rad: float = MIN_ANGLE_RAD,
) -> LiftedPoint:
    """The point that two or more cameras see at ``pixels`` (camera -> [2]).

    Starts at the least-squares meeting of the rays, then minimises the reprojection error (Gauss-Newton).
    Raises LiftError for fewer than two views, rays too parallel, a poor residual, or a point behind a camera.
    """
    names = sorted(pixels)
    if len(names) < 2:
        raise LiftError(f"one view ({', '.join(names)}) has no depth; add a view, a depth image or a height")
    seen = np.array([np.asarray(pixels[n], float).reshape(2) for n in names])
    rays = [cameras[n].rays(p) for n, p in zip(names, seen, strict=True)]
    angle = _widest_angle([d[0] for _, d in rays])
    if angle < min_angle_rad:
        raise LiftError(
            f"the rays of {', '.join(names)} meet at {np.rad2deg(angle):.1f} deg; want at least "
            f"{np.rad2deg(min_angle_rad):.1f}: use cameras further apart, or a height"
        )
    views = [cameras[n] for n in names]
    point, J, off = _refine(_meeting([o for o, _ in rays], [d[0] for _, d in rays]), views, seen)
    residual = float(np.sqrt(np.mean(np.sum(off**2, axis=1))))
    _refuse_poor(residual, max_residual_px, dict(zip(names, np.linalg.norm(off, axis=1), strict=True)))
    return LiftedPoint(point, pixel_std**2 * np.linalg.inv(J.T @ J), "views", residual, angle)


def from_depth(
    pixel: np.ndarray,
    depth_m: float,
    camera: PinholeCamera,
    pixel_std: float = PIXEL_STD,
    depth_std_m: float = 0.003,
) -> LiftedPoint:
    """The point at ``pixel`` [2] and this depth along the optical axis, as depth cameras give it."""
    if not (np.isfinite(depth_m) and depth_m > 0):
        raise LiftError(f"depth {depth_m} m at pixel {np.round(pixel, 1)}; want a positive number")

    def place(v: np.ndarray) -> np.ndarray:
        local = np.append(camera.normalised(v[:2])[0], 1.0) * v[2]
        return camera.T_base_cam[:3, :3] @ local + camera.origin

    v = np.array([*np.asarray(pixel, float).reshape(2), depth_m])
    covariance = _propagated(place, v, np.array([pixel_std, pixel_std, depth_std_m]))
    return LiftedPoint(place(v), covariance, "depth")


def from_height(
    pixel: np.ndarray,
    camera: PinholeCamera,
    height_m: float,
    pixel_std: float = PIXEL_STD,
    height_std_m: float = 0.0,
    min_angle_rad: float = MIN_ANGLE_RAD,
) -> LiftedPoint:
    """Where the ray of ``pixel`` [2] meets the plane z = ``height_m`` of base.

    Raises LiftError for a ray too flat to that plane, or one that leaves it behind the camera.
    """

    def place(v: np.ndarray) -> np.ndarray:
        origin, direction = camera.rays(v[:2])
        return origin + direction[0] * (v[2] - origin[2]) / direction[0, 2]

    origin, direction = camera.rays(np.asarray(pixel, float))
    steepness, drop = direction[0, 2], height_m - origin[2]
    if abs(steepness) < np.sin(min_angle_rad) or steepness * drop <= 0:
        raise LiftError(
            f"the ray of pixel {np.round(pixel, 1)} does not come down on height {height_m:.3f} m (camera at "
            f"{origin[2]:.3f} m, ray {np.rad2deg(np.arcsin(steepness)):.1f} deg): use a steeper view"
        )
    v = np.array([*np.asarray(pixel, float).reshape(2), height_m])
    covariance = _propagated(place, v, np.array([pixel_std, pixel_std, height_std_m]))
    return LiftedPoint(place(v), covariance, "height")


def at_height(point: LiftedPoint, height_m: float, height_std_m: float) -> LiftedPoint:
    """The place straight above or below a point, at z = ``height_m`` of base known to ``height_std_m``."""
    covariance = np.zeros((3, 3))
    covariance[:2, :2], covariance[2, 2] = point.covariance_m2[:2, :2], height_std_m**2
    moved = np.array([*point.point_m[:2], height_m])
    return replace(point, point_m=moved, covariance_m2=covariance)


def known(point_m: np.ndarray) -> LiftedPoint:
    """A point [3] that is not estimated: from the twin, or touched with the tool."""
    return LiftedPoint(np.array(point_m, float), np.zeros((3, 3)), "truth")


def depth_at(depth_image_m: np.ndarray, pixels: Pixels, radius_px: int = 2) -> np.ndarray:
    """Depths [N] at pixels [N, 2]: the median of the valid ones (finite, positive) around each.

    Raises LiftError for a pixel outside the image [H, W] and one with no valid depth around it.
    """
    places = np.rint(np.asarray(pixels, float).reshape(-1, 2)).astype(int)
    return np.array([_median_depth(depth_image_m, x, y, radius_px) for x, y in places])


def _median_depth(depth_m: np.ndarray, x: int, y: int, radius: int) -> float:
    height, width = depth_m.shape
    if not (0 <= x < width and 0 <= y < height):
        raise LiftError(f"pixel ({x}, {y}) is outside the depth image of {width}x{height} px")
    patch = depth_m[max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1]
    valid = patch[np.isfinite(patch) & (patch > 0)]
    if not valid.size:
        raise LiftError(f"no depth within {radius} px of ({x}, {y}); use a second view or a height")
    return float(np.median(valid))


def _meeting(origins: list[np.ndarray], directions: list[np.ndarray]) -> np.ndarray:
    """The point [3] with the least sum of squared distances to the rays."""
    off = [np.eye(3) - np.outer(d, d) for d in directions]
    return np.linalg.solve(
        np.sum(off, axis=0), np.sum([M @ o for M, o in zip(off, origins, strict=True)], axis=0)
    )


def _refine(
    point: np.ndarray, cameras: list[PinholeCamera], seen: Pixels
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Point [3], Jacobian [2V, 3] in px/m, and what is left [V, 2] in px."""

    def project(p: np.ndarray) -> np.ndarray:
        return np.concatenate([c.project(p)[0] for c in cameras])

    for _ in range(_ROUNDS):
        off = seen.ravel() - project(point)
        if not np.isfinite(off).all():
            raise LiftError("the rays meet behind a camera: views or calibration do not belong together")
        J = _jacobian(project, point)
        step = np.linalg.lstsq(J, off, rcond=None)[0]
        point = point + step
        if np.linalg.norm(step) < 1e-9:
            break
    return point, _jacobian(project, point), (seen.ravel() - project(point)).reshape(-1, 2)


def _refuse_poor(residual: float, limit: float, by_camera: Mapping[str, float]) -> None:
    if not residual <= limit:
        shown = ", ".join(f"{name} {px:.1f}" for name, px in by_camera.items())
        raise LiftError(
            f"the views disagree by {residual:.1f} px ({shown}); want at most {limit:.1f}: the points are "
            "not of the same thing, or a camera moved (`nudge doctor`, calibrate)"
        )


def _widest_angle(directions: list[np.ndarray]) -> float:
    """Of the lines, so 0 for cameras that look at each other, where depth is as bad as for parallel ones."""
    cosines = [abs(float(a @ b)) for i, a in enumerate(directions) for b in directions[i + 1 :]]
    return float(np.arccos(np.clip(min(cosines), 0.0, 1.0)))


def _jacobian(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    steps = np.eye(len(x)) * _STEP
    return np.column_stack([(f(x + s) - f(x - s)) / (2 * _STEP) for s in steps])


def _propagated(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, std: np.ndarray) -> np.ndarray:
    J = _jacobian(f, x) * std
    return J @ J.T
