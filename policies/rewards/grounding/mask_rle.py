"""Masks as run lengths, COCO's uncompressed form: plain JSON, and what pycocotools takes."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from robot.core.errors import NudgeError


class MaskRle(TypedDict):
    """``counts``: pixels outside, inside, outside, .. the mask, down each column, columns from the left."""

    size: list[int]  # height, width
    counts: list[int]


class MaskRleError(NudgeError):
    """Run lengths that are no mask of their size."""


def encode(mask: np.ndarray) -> MaskRle:
    """Run lengths of a mask [H, W] bool."""
    flat = np.asarray(mask, bool).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=False)) if flat.size else np.empty(0, int)
    counts = np.diff(np.concatenate([[0], changes, [flat.size]]))
    return {"size": [int(n) for n in np.shape(mask)], "counts": [int(n) for n in counts]}


def decode(rle: MaskRle) -> np.ndarray:
    """The mask [H, W] bool; MaskRleError where the counts do not fill the size."""
    height, width = rle["size"]
    counts = np.asarray(rle["counts"], int)
    if counts.sum() != height * width or (counts < 0).any():
        raise MaskRleError(
            f"run lengths of {counts.sum()} pixels for a mask of {width}x{height}; want {height * width}: "
            "export the rows again"
        )
    inside = np.arange(len(counts)) % 2 == 1
    return np.repeat(inside, counts).reshape((height, width), order="F")
