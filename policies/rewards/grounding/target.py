"""What is right about one question: the columns of a row that the reward functions judge by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from policies.rewards.grounding.mask_rle import MaskRle, decode
from policies.rewards.keypoints.masks import Mask
from policies.rewards.keypoints.pixel_formats import PixelFormat, pixel_format
from policies.rewards.keypoints.sent_image import SentImage

Wants = Literal["point", "box"]
COLUMNS = (
    "label",
    "wants",
    "coord_format",
    "width",
    "height",
    "gt_points",
    "gt_masks_rle",
    "gt_boxes",
    "visible",
)


@dataclass(frozen=True)
class Target:
    """Pixels of the camera's frame; boxes run along the outer edges of their outermost pixels."""

    label: str
    wants: Wants
    coord_format: str  # in policies.rewards.keypoints.pixel_formats.FORMATS
    width: int
    height: int
    gt_points: Sequence[Sequence[float]]  # [[x, y]], or none where the thing is hidden
    gt_masks_rle: Sequence[MaskRle]
    gt_boxes: Sequence[Sequence[float]]  # [[left, top, right, bottom]]
    visible: bool

    @property
    def format(self) -> PixelFormat:
        """How the model writes coordinates; UnknownName for a name that none has."""
        return pixel_format(self.coord_format)

    @property
    def image(self) -> SentImage:
        """The frame, and the size that a model of this format sees it in."""
        return sent_image(self.format, self.width, self.height)

    @property
    def point(self) -> np.ndarray:
        """[2] of a visible thing."""
        return np.asarray(self.gt_points[0], float)

    @property
    def box(self) -> np.ndarray:
        """[2, 2], top left and bottom right corner, of a visible thing."""
        return np.asarray(self.gt_boxes[0], float).reshape(2, 2)

    @cached_property
    def mask(self) -> Mask:
        """Of a visible thing."""
        return Mask(decode(self.gt_masks_rle[0]))

    @property
    def diagonal_px(self) -> float:
        """Of the frame."""
        return float(np.hypot(self.width, self.height))


def sent_image(fmt: PixelFormat, width: int, height: int) -> SentImage:
    """How the model of a format sees a frame: Qwen2.5-VL in whole patches, all others as it is."""
    sized = SentImage.patched if fmt.name == "qwen2.5-vl" else SentImage.unresized
    return sized(width, height)


def targets(columns: Mapping[str, Any]) -> Iterator[Target]:
    """One for each row of a batch of columns, as TRL gives them to a reward function."""
    for values in zip(*(columns[name] for name in COLUMNS), strict=True):
        yield Target(**dict(zip(COLUMNS, values, strict=True)))
