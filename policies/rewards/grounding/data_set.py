"""A folder of labelled questions: SPLIT.jsonl for TRL, vlm_r1_SPLIT.jsonl for VLM-R1, and pictures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from policies.rewards.grounding.row import GroundingRow
from policies.rewards.keypoints import encoded
from robot.core.errors import StoreError

TRAIN, HELD_OUT = "train", "test"


def save_picture(folder: Path, split: str, name: str, frame: np.ndarray) -> tuple[str, str]:
    """Write a frame uint8 RGB [H, W, 3] as PNG; returns its path from the folder, and the file's sha256."""
    data = encoded.png(frame)
    path = Path("images") / split / f"{name}.png"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(data)
    return str(path), hashlib.sha256(data).hexdigest()


def write_split(folder: Path, split: str, rows: Iterable[GroundingRow]) -> int:
    """Write both files of a split, whole or not at all; returns the number of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    names = (f"{split}.jsonl", f"vlm_r1_{split}.jsonl")
    count = 0
    with (folder / f"{names[0]}.part").open("w") as trl, (folder / f"{names[1]}.part").open("w") as vlm_r1:
        for row in rows:
            trl.write(row.json_line + "\n")
            vlm_r1.write(row.vlm_r1_line + "\n")
            count += 1
    for name in names:
        os.replace(folder / f"{name}.part", folder / name)
    return count


def read_split(folder: Path, split: str) -> tuple[GroundingRow, ...]:
    """The rows of a split.

    Raises:
        StoreError: no such file, or a line that is no row.
    """
    path = folder / f"{split}.jsonl"
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); make it: nudge reward export") from error
    try:
        return tuple(map(GroundingRow.from_json_line, lines))
    except (TypeError, ValueError) as error:
        raise StoreError(f"{path} holds a line that is no row: {error}; export the rows again") from error
