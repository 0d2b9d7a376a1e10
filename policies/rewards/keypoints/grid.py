"""Tiles over a picture that a model can name: columns a.. from left to right, rows 1.. from bottom to top."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

_MAX_COLUMNS = 26


@dataclass(frozen=True)
class Grid:
    """``columns`` x ``rows`` equal tiles; MOKA's names: b1 is the second from the left in the lowest row."""

    columns: int = 5
    rows: int = 5

    def __post_init__(self) -> None:
        if not (1 <= self.columns <= _MAX_COLUMNS and self.rows >= 1):
            raise ValueError(
                f"a grid of {self.columns}x{self.rows}; want 1 to {_MAX_COLUMNS} columns, 1 or more rows"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """All tiles, the lowest row first, each row from the left."""
        return tuple(f"{chr(97 + c)}{r}" for r in range(1, self.rows + 1) for c in range(self.columns))

    def corners_px(self, name: str, size: tuple[int, int]) -> np.ndarray:
        """Top left and bottom right edge [2, 2] of a tile in a picture of ``size`` (width, height).

        ValueError for a name that no tile has.
        """
        column, row = self._index(name)
        fractions = np.array([[column, self.rows - row], [column + 1, self.rows - row + 1]], float)
        return fractions / [self.columns, self.rows] * size - 0.5

    def tile_at(self, pixel: np.ndarray, size: tuple[int, int]) -> str:
        """The tile that a pixel [2] lies in; ValueError outside the picture."""
        fraction = (np.asarray(pixel, float) + 0.5) / size
        if not ((fraction >= 0) & (fraction <= 1)).all():
            raise ValueError(f"pixel {np.round(pixel, 1)} is outside a picture of {size[0]}x{size[1]} px")
        last = np.array([self.columns, self.rows]) - 1
        column, from_top = np.minimum((fraction * [self.columns, self.rows]).astype(int), last)
        return f"{chr(97 + column)}{self.rows - from_top}"

    def _index(self, name: str) -> tuple[int, int]:
        """Column from 0, row from 1."""
        if name not in self.names:
            raise ValueError(f"no tile {name!r}; want {self.names[0]} to {self.names[-1]}")
        letter, number = re.fullmatch(r"([a-z])(\d+)", name).groups()  # type: ignore[union-attr]
        return ord(letter) - 97, int(number)
