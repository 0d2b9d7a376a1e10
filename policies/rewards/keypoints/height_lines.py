"""Lines in a side view, each at one height above the table, where the object stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera
from robot.core.errors import NudgeError

_HALF_LENGTH_M = 2.0
_SAMPLES = 201


class NoHeightLine(NudgeError):
    """A view in which heights cannot be drawn."""


@dataclass(frozen=True)
class HeightLine:
    """One line's name and height."""

    name: str  # h0, h1, .. from below
    above_table_m: float

    @property
    def title(self) -> str:
        """What is written beside it."""
        return f"{self.name}: {100 * self.above_table_m:g} cm"


@dataclass(frozen=True)
class HeightLines:
    """Heights above a table whose top is at ``table_z_m`` in base."""

    table_z_m: float
    lines: tuple[HeightLine, ...]

    @classmethod
    def at(cls, heights_m: Sequence[float], table_z_m: float = 0.0) -> HeightLines:
        """Lines at these heights above the table; ValueError unless they rise, from 0 or above."""
        if not heights_m or min(heights_m) < 0 or any(b <= a for a, b in pairwise(heights_m)):
            raise ValueError(f"heights {list(heights_m)} m; want some, from 0 up, each above the last")
        return cls(table_z_m, tuple(HeightLine(f"h{i}", float(h)) for i, h in enumerate(heights_m)))

    @property
    def names(self) -> tuple[str, ...]:
        """From below."""
        return tuple(line.name for line in self.lines)

    def z_m(self, name: str) -> float:
        """Height in base, m; ValueError for a name that no line has."""
        for line in self.lines:
            if line.name == name:
                return self.table_z_m + line.above_table_m
        raise ValueError(f"no height line {name!r}; want {self.names[0]} to {self.names[-1]}")

    def std_m(self, name: str) -> float:
        """How far off naming the nearest line leaves a height: the spread of an even error over the gap."""
        heights = [self.z_m(n) for n in self.names]
        i = self.names.index(name)
        gaps = [abs(heights[j] - heights[i]) for j in (i - 1, i + 1) if 0 <= j < len(heights)]
        return float(np.mean(gaps) / np.sqrt(12)) if gaps else 0.0


def line_px(camera: PinholeCamera, near_m: np.ndarray, z_m: float) -> np.ndarray:
    """The visible part [N, 2], left to right, of the level line at ``z_m`` above or below ``near_m`` [3].

    It runs across the camera's view, so it shows this height only at the object's own distance. Empty where
    the camera does not see it. Raises NoHeightLine for a camera that looks straight down.
    """
    right = camera.T_base_cam[:3, 0] * [1.0, 1.0, 0.0]
    if np.linalg.norm(right) < 0.2 or abs(camera.T_base_cam[2, 2]) > 0.95:
        raise NoHeightLine(
            "heights are not seen by a camera that looks down; choose one that looks from the side"
        )
    along = np.linspace(-_HALF_LENGTH_M, _HALF_LENGTH_M, _SAMPLES)[:, None]
    points = np.array([near_m[0], near_m[1], z_m]) + along * right / np.linalg.norm(right)
    return _longest_run(camera.project(points), camera.sees(points))


def _longest_run(pixels: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The part of a line that is seen without a gap, and one point more at each end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(int), [0]])))
    runs = [(end - start, start, end) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if not runs:
        return np.empty((0, 2))
    _, start, end = max(runs)
    return pixels[max(0, start - 1) : end + 1]
