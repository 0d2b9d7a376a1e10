"""The object as a part of the hand: where the hand says it is, and whether the views agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.tracked_view import Sight
from robot.core.se3 import Matrix, inverse

Point = NDArray[np.float64]  # [3] m


@dataclass(frozen=True, eq=False)
class Hold:
    """A point that is fixed to the tool, and how far beside it each camera saw it then.

    A tracker's error hardly changes from one step to the next, so what a view says of a slip is the change of
    that gap, not the gap.
    """

    tcp_point_m: Point  # [3] tool frame
    first_m: Point  # [3] tool frame, when the gripper closed
    gaps_px: Mapping[str, NDArray[np.float64]]  # camera -> [2] seen minus expected

    @classmethod
    def at(cls, point_m: Point, T_base_tcp: Matrix, sights: Mapping[str, Sight]) -> Hold:
        """The gripper has closed on the object at ``point_m`` [3], base frame."""
        local = _in_tool(point_m, T_base_tcp)
        return cls(local, local, _gaps(point_m, sights))

    def moved_to(self, point_m: Point, T_base_tcp: Matrix, sights: Mapping[str, Sight]) -> Hold:
        """It slipped in the hand and is at ``point_m`` [3] now."""
        return Hold(_in_tool(point_m, T_base_tcp), self.first_m, _gaps(point_m, sights))

    def point_m(self, T_base_tcp: Matrix) -> Point:
        """Where the hand has it, [3] in base."""
        return T_base_tcp[:3, :3] @ self.tcp_point_m + T_base_tcp[:3, 3]

    @property
    def slipped_m(self) -> float:
        """How far it has moved in the hand since the gripper closed."""
        return float(np.linalg.norm(self.tcp_point_m - self.first_m))

    def off_share(self, T_base_tcp: Matrix, name: str, sight: Sight) -> float:
        """How far a camera sees it from where the hand has it, in sizes of the object."""
        gap = _gap(self.point_m(T_base_tcp), sight) - self.gaps_px.get(name, np.zeros(2))
        return float(np.linalg.norm(gap)) / sight.size_px


def _in_tool(point_m: Point, T_base_tcp: Matrix) -> Point:
    T = inverse(T_base_tcp)
    return T[:3, :3] @ point_m + T[:3, 3]


def _gaps(point_m: Point, sights: Mapping[str, Sight]) -> dict[str, NDArray[np.float64]]:
    return {name: _gap(point_m, sight) for name, sight in sights.items()}


def _gap(point_m: Point, sight: Sight) -> NDArray[np.float64]:
    return sight.pixel - sight.camera.project(point_m)[0]
