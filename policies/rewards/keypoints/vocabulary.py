"""What a reply may name: the labels, tiles and height lines that are drawn in the pictures."""

from __future__ import annotations

from dataclasses import dataclass

from policies.rewards.keypoints.grid import Grid
from policies.rewards.keypoints.height_lines import HeightLines
from robot.core.errors import nearest_hint

NOT_VISIBLE = "not visible"
MAX_WAYPOINTS = 8


@dataclass(frozen=True)
class Vocabulary:
    """Labels of the candidate points, and the names of tiles and heights."""

    labels: tuple[str, ...]
    tiles: tuple[str, ...]
    heights: tuple[str, ...]

    @classmethod
    def of(cls, labels: tuple[str, ...], grid: Grid, heights: HeightLines) -> Vocabulary:
        """The names that these pictures show."""
        return cls(labels, grid.names, heights.names)

    @property
    def graspable(self) -> tuple[str, ...]:
        """P labels, or all where nothing was marked as what is to be grasped."""
        return tuple(x for x in self.labels if x.startswith("P")) or self.labels

    @property
    def targets(self) -> tuple[str, ...]:
        """A label or a tile."""
        return (*self.labels, *self.tiles)


def require_known(kind: str, name: str, known: tuple[str, ...]) -> str:
    """The name itself; ValueError with the nearest one for a name that the pictures do not show."""
    if name not in known:
        raise ValueError(f"{kind} {name!r} does not exist{nearest_hint(name, known)}")
    return name
