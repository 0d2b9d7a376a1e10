"""What a tracker needs to know of the image its keypoints were made in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.frame import Frame, Window
from policies.rewards.tracking.planar_motion import Matrix, Points
from robot.core.errors import SpecMismatch


class TooPlain(SpecMismatch):
    """An object that cannot be told from its surroundings."""


@dataclass(frozen=True)
class Fit:
    """Where the object is in an image, and which sample points speak for it."""

    T_now_anchor: Matrix  # [3, 3] pixel of the anchor image -> pixel of this one
    support: NDArray[np.bool_]  # [N] looks as in the anchor image where the motion puts it

    @property
    def share(self) -> float:
        """Supporting points over all."""
        return float(self.support.mean())


class Anchor(Protocol):
    """The object as it looked in the anchor image, and how to find it in another."""

    points: Points  # [N, 2] sample points
    corners: Points  # [4, 2] of its bounding box
    size_px: float  # square root of its area

    def follow(self, before: Frame, now: Frame, last: Fit, lost: bool, scale: float | None) -> Iterator[Fit]:
        """Where the object may be, one image after ``last``, the likeliest first.

        ``scale`` is its size against the anchor image's, where the caller knows how far away it is.
        """
        ...

    def find(self, now: Frame, window: Window, last: Fit, scale: float | None) -> Fit | None:
        """The object anywhere in a window, wherever it was before; None unless it is there for sure."""
        ...
