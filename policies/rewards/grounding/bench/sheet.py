"""The best and the worst answers of a test as one picture, for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from policies.rewards.grounding.bench.record import BenchRecord
from policies.rewards.grounding.row import GroundingRow
from robot.core.errors import StoreError

TILE_PX, COLUMNS = 300, 6
_BAR_PX, _GAP_PX = 44, 4
_TRUE, _SAID = (40, 200, 60), (235, 40, 40)


def contact_sheet(
    records: Sequence[BenchRecord], rows: Sequence[GroundingRow], folder: Path
) -> np.ndarray | None:
    """The worst answers above, the best below, uint8 RGB [H, W, 3]: truth green, answer red, joined.

    Answers that are no place say so in words, where places leave room. None without any answer.
    """
    by_id = {row.id: row for row in rows}
    answered = [r for r in records if r.visible and not r.failure]
    placed = sorted((r for r in answered if r.error_px is not None), key=lambda r: r.error_px or 0.0)
    best = placed[:COLUMNS]
    worst = [*placed[: COLUMNS - 1 : -1], *(r for r in answered if r.error_px is None)][:COLUMNS]
    if not answered:
        return None
    lines = [[_tile(r, by_id[r.id], folder) for r in chosen] for chosen in (worst, best) if chosen]
    return np.concatenate([_line(tiles) for tiles in lines], axis=0)


def save_sheet(sheet: np.ndarray, path: Path) -> None:
    """Write it as PNG; StoreError if that fails."""
    if not cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)):
        raise StoreError(f"{path} cannot be written; look at the folder's rights and the disk's space")


def _tile(record: BenchRecord, row: GroundingRow, folder: Path) -> np.ndarray:
    frame = cv2.imread(str(folder / row.image))
    if frame is None:
        raise StoreError(f"{folder / row.image} cannot be read; run nudge reward export again")
    scale = TILE_PX / max(frame.shape[:2])
    tile = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), None, fx=scale, fy=scale)
    true = _place(np.array(row.gt_points[0]), scale)
    if record.pixel is not None:
        said = _place(np.array(record.pixel), scale)
        cv2.line(tile, true, said, (255, 255, 255), 1, cv2.LINE_AA)
        _ring(tile, said, _SAID, 5)
    _ring(tile, true, _TRUE, 8)
    return np.concatenate([tile, _caption(record, row, tile.shape[1])], axis=0)


def _ring(tile: np.ndarray, place: tuple[int, int], colour: tuple[int, int, int], radius: int) -> None:
    cv2.circle(tile, place, radius, (255, 255, 255), 4, cv2.LINE_AA)
    cv2.circle(tile, place, radius, colour, 2, cv2.LINE_AA)


def _place(pixel: np.ndarray, scale: float) -> tuple[int, int]:
    x, y = np.rint((pixel + 0.5) * scale - 0.5).astype(int)
    return int(x), int(y)


def _caption(record: BenchRecord, row: GroundingRow, width: int) -> np.ndarray:
    bar = np.full((_BAR_PX, width, 3), 255, np.uint8)
    off = record.kind if record.error_px is None else f"{record.kind}, {record.error_px:.1f} px off"
    for line, text in enumerate((f"{row.label}: {row.task}, {row.camera}, {row.seed}", off)):
        at = (4, 17 + 19 * line)
        cv2.putText(bar, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.47, (30, 30, 30), 1, cv2.LINE_AA)
    return bar


def _line(tiles: Sequence[np.ndarray]) -> np.ndarray:
    height = max(t.shape[0] for t in tiles)
    blank = np.full((height, TILE_PX, 3), 255, np.uint8)
    full = [*tiles, *[blank] * (COLUMNS - len(tiles))]
    return np.concatenate(
        [
            np.pad(t, ((0, height - t.shape[0] + _GAP_PX), (0, _GAP_PX), (0, 0)), constant_values=255)
            for t in full
        ],
        axis=1,
    )
