"""The object as a part of the hand: where the hand says it is, and whether the views agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policies.rewards.tracking.tracked_view import Sight
from robot.core.se3 import Matrix, inverse

Point = NDArray[np.float64]  # [3] m
Pixel = NDArray[np.float64]  # [2]

# Of its size, and at least: seen further off, the object is not where the hand has it. Nearer is more often
# the tracker's error, which grows while the fingers cover a part, than a slip that leaves their width alone.
_OFF_SHARE, _OFF_PX = 0.5, 5.0
_BEHIND = 0.5  # of the hand's way in the image; an object that went less far has not gone with it


@dataclass(frozen=True, eq=False)
class Hold:
    """A point that is fixed to the tool, and how far beside it each camera saw it then.

    A tracker's error hardly changes from one step to the next, so what a view says of a slip is the change of
    that gap, not the gap.
    """

    tcp_point_m: Point  # [3] tool frame
    first_m: Point  # [3] tool frame, when the gripper closed
    gripped_m: Point  # [3] base frame, where the gripper closed
    gaps_px: Mapping[str, Pixel]  # camera -> seen minus expected, when it was last fixed to the tool

    @classmethod
    def at(cls, point_m: Point, T_base_tcp: Matrix, sights: Mapping[str, Sight]) -> Hold:
        """The gripper has closed on the object at ``point_m`` [3], base frame."""
        local = _in_tool(point_m, T_base_tcp)
        return cls(local, local, point_m, _gaps(point_m, sights))

    def moved_to(self, point_m: Point, T_base_tcp: Matrix, sights: Mapping[str, Sight]) -> Hold:
        """It slipped in the hand and is at ``point_m`` [3] now."""
        return replace(self, tcp_point_m=_in_tool(point_m, T_base_tcp), gaps_px=_gaps(point_m, sights))

    def point_m(self, T_base_tcp: Matrix) -> Point:
        """Where the hand has it, [3] in base."""
        return T_base_tcp[:3, :3] @ self.tcp_point_m + T_base_tcp[:3, 3]

    @property
    def slipped_m(self) -> float:
        """How far it has moved in the hand since the gripper closed."""
        return float(np.linalg.norm(self.tcp_point_m - self.first_m))

    def agrees(self, T_base_tcp: Matrix, name: str, sight: Sight) -> bool:
        """Whether a camera sees it where the hand has it."""
        expected = sight.camera.project(self.point_m(T_base_tcp))[0]
        return bool(np.linalg.norm(self._meant(name, sight) - expected) <= _gate_px(sight))

    def left_behind(self, T_base_tcp: Matrix, name: str, sight: Sight) -> bool:
        """Whether a camera sees that the hand went and the object stayed, since the gripper closed."""
        first, hand = sight.camera.project(np.stack([self.gripped_m, self.point_m(T_base_tcp)]))
        way, stayed = np.linalg.norm(hand - first), np.linalg.norm(self._meant(name, sight) - first)
        return bool(way > _gate_px(sight) and stayed < _BEHIND * way)

    def _meant(self, name: str, sight: Sight) -> Pixel:
        return sight.pixel - self.gaps_px.get(name, np.zeros(2))


def _gate_px(sight: Sight) -> float:
    return max(_OFF_PX, _OFF_SHARE * sight.size_px)


def _in_tool(point_m: Point, T_base_tcp: Matrix) -> Point:
    T = inverse(T_base_tcp)
    return T[:3, :3] @ point_m + T[:3, 3]


def _gaps(point_m: Point, sights: Mapping[str, Sight]) -> dict[str, Pixel]:
    return {name: _gap(point_m, sight) for name, sight in sights.items()}


def _gap(point_m: Point, sight: Sight) -> Pixel:
    return sight.pixel - sight.camera.project(point_m)[0]
