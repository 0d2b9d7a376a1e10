"""Where the arms of a cell stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot.core.se3 import Matrix, rot_z, transform

RING_M = 0.62  # from the middle of the cell to each base


@dataclass(frozen=True)
class Mount:
    """One arm's name and place. The world frame is the first arm's base frame."""

    arm: str
    prefix: str  # of the names of its parts in the model: "" for an arm alone, else "left_"
    T_world_base: Matrix  # [4, 4]


def mounts(arms: Sequence[str]) -> tuple[Mount, ...]:
    """On a ring, facing its middle: an arm alone at the origin, a second one opposite to it.

    So every arm sees the middle in its own frame alike, its forearm comes from its own side, and a box that
    ends before the middle keeps it from all others.
    """
    return tuple(_mount(arms, i) for i in range(len(arms)))


def _mount(arms: Sequence[str], index: int) -> Mount:
    facing = rot_z(2 * np.pi * index / len(arms))
    position = np.array([RING_M, 0.0, 0.0]) - facing @ [RING_M, 0.0, 0.0]
    prefix = f"{arms[index]}_" if len(arms) > 1 else ""
    return Mount(arms[index], prefix, transform(facing, position))
