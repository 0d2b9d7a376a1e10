"""One reply against the truth: what kind of answer it is, where it points and how far that is off."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from policies.rewards.grounding.target import Target
from policies.rewards.keypoints.pixel_formats import PixelFormatError, from_pixels, to_pixels
from policies.rewards.keypoints.pixel_spellings import Finding, read_reply
from policies.rewards.keypoints.pointing import read_pointed
from policies.rewards.keypoints.vocabulary import NOT_VISIBLE


class AnswerKind(Enum):
    """Each reply is one of these; the value is its name in logs and files."""

    HIT = "hit"  # on the thing
    MISS = "miss"  # beside it
    WRONG_AXIS = "wrong_axis"  # beside it, and on it with x and y exchanged
    UNREADABLE = "unreadable"  # not in the format that was asked for
    SAID_HIDDEN = "said_hidden"  # "not visible" of a thing that is in plain sight
    RIGHTLY_HIDDEN = "rightly_hidden"
    INVENTED = "invented"  # a place for a thing that is not in the picture


@dataclass(frozen=True, eq=False)
class Verdict:
    """``pixel`` [2] and ``box`` [2, 2] as read, in the camera's frame; a box's pixel is its centre."""

    kind: AnswerKind
    pixel: np.ndarray | None = None
    box: np.ndarray | None = None
    error_px: float | None = None  # from the true point
    problem: str = ""  # why it is unreadable

    @property
    def readable(self) -> bool:
        """In the format that was asked for, "not visible" included."""
        return self.kind is not AnswerKind.UNREADABLE


def judge(text: str, target: Target) -> Verdict:
    """The verdict on a model's text; never raises for what a model may write."""
    try:
        found = _read(text, target)
    except PixelFormatError as error:
        return Verdict(AnswerKind.UNREADABLE, problem=str(error))
    if found is None:
        return Verdict(AnswerKind.SAID_HIDDEN if target.visible else AnswerKind.RIGHTLY_HIDDEN)
    pixel, box = found.centre, found.corners if found.is_box else None
    if not target.visible:
        return Verdict(AnswerKind.INVENTED, pixel, box)
    return Verdict(_kind(pixel, target), pixel, box, float(np.linalg.norm(pixel - target.point)))


def _read(text: str, target: Target) -> Finding | None:
    """The one place of a reply; None for "not visible"."""
    if target.wants == "point":
        pixels = read_pointed(text, [target.label], target.format, target.image)
        return None if pixels is None else Finding(target.label, pixels[target.label].reshape(1, 2))
    if text.strip().strip('"`.').lower() == NOT_VISIBLE:
        return None
    found = read_reply(text, target.format, target.image)
    if len(found) != 1 or not found[0].is_box:
        raise PixelFormatError(f"{len(found)} findings in {text[:120]!r}; want one box of 4 numbers")
    return found[0]


def _kind(pixel: np.ndarray, target: Target) -> AnswerKind:
    if target.mask.contains(pixel)[0]:
        return AnswerKind.HIT
    return AnswerKind.WRONG_AXIS if target.mask.contains(_exchanged(pixel, target))[0] else AnswerKind.MISS


def _exchanged(pixel: np.ndarray, target: Target) -> np.ndarray:
    """Where the same two numbers point to, read the other way round; NaN-free, outside where nowhere."""
    numbers = from_pixels(pixel.reshape(1, 2), target.format, target.image)[:, ::-1]
    try:
        return to_pixels(numbers, target.format, target.image)[0]
    except PixelFormatError:  # pixels of a picture that is not square
        return np.full(2, -1.0)
