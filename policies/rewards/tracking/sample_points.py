"""Many points of one object to follow: corners first, then the rest of the mask where there is pattern."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.anchor import TooPlain

_FEWEST = 8
_PATTERN = 3.0  # grey levels a pixel: the mean slope a window must have in every direction
_INSET_PX = 2  # a point on the outline belongs half to the background


def sample_points(
    gray: NDArray[np.uint8], mask: NDArray[np.bool_], count: int, window_px: int
) -> NDArray[np.float64]:
    """Up to ``count`` points [N, 2] px inside a mask [H, W]: Shi-Tomasi corners, filled up from a grid.

    Points lie inside the mask and not on its outline, where they drift (section 3 of the research note), and
    where the object's own pattern slopes both ways, as along a mere edge they slide (Shi and Tomasi 1994).

    Raises:
        TooPlain: fewer than eight such points.
    """
    inner, firm = eroded(mask, _INSET_PX), _firm(gray, mask, window_px)
    apart = max(3.0, float(np.sqrt(inner.sum() / (2.0 * count))))
    points = _spread(np.vstack([_corners(gray, firm, count, apart), _grid(firm, apart)]), 0.7 * apart)[:count]
    if len(points) < _FEWEST:
        raise TooPlain(
            f"the mask of {int(mask.sum())} pixels holds {len(points)} points with pattern to follow"
        )
    return points


def pattern_share(gray: NDArray[np.uint8], mask: NDArray[np.bool_], window_px: int) -> float:
    """The share of a mask [H, W] that has pattern to follow: near 1 for a print, less for a cube's edges."""
    return float(_firm(gray, mask, window_px).sum() / max(eroded(mask, _INSET_PX).sum(), 1))


def _firm(gray: NDArray[np.uint8], mask: NDArray[np.bool_], window_px: int) -> NDArray[np.bool_]:
    return eroded(mask, _INSET_PX) & (_weakest_slope(gray, eroded(mask, 1), window_px) >= _PATTERN)


def eroded(mask: NDArray[np.bool_], by_px: int) -> NDArray[np.bool_]:
    """A mask without its outermost pixels; outside the image counts as outside the mask."""
    kernel = np.ones((2 * by_px + 1, 2 * by_px + 1), np.uint8)
    return cv2.erode(mask.astype(np.uint8), kernel, borderValue=0) > 0


def _weakest_slope(gray: NDArray[np.uint8], mask: NDArray[np.bool_], window_px: int) -> NDArray[np.float64]:
    """Slope [H, W] in grey levels a pixel in its least direction: root mean square over a masked window."""
    on, side = mask.astype(np.float64), (window_px, window_px)
    x, y = (cv2.Sobel(gray, cv2.CV_64F, *order, scale=1 / 8) * on for order in ((1, 0), (0, 1)))
    weight = np.maximum(cv2.boxFilter(on, -1, side), 1e-3)
    xx, yy, xy = (cv2.boxFilter(product, -1, side) / weight for product in (x * x, y * y, x * y))
    least = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)  # the smaller eigenvalue
    return np.sqrt(np.maximum(least, 0.0))


def _corners(
    gray: NDArray[np.uint8], firm: NDArray[np.bool_], count: int, apart: float
) -> NDArray[np.float64]:
    if not firm.any():
        return np.zeros((0, 2))
    found = cv2.goodFeaturesToTrack(gray, count, 0.02, apart, mask=firm.astype(np.uint8))
    return np.zeros((0, 2)) if found is None else np.asarray(found, np.float64).reshape(-1, 2)


def _grid(firm: NDArray[np.bool_], apart: float) -> NDArray[np.float64]:
    pitch = round(apart)
    y, x = np.nonzero(firm[pitch // 2 :: pitch, pitch // 2 :: pitch])
    return np.column_stack([x, y]).astype(np.float64) * pitch + pitch // 2


def _spread(points: NDArray[np.float64], apart: float) -> NDArray[np.float64]:
    kept: list[NDArray[np.float64]] = []
    for point in points:  # corners come first and stay
        if all(np.hypot(*(point - other)) >= apart for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2)
