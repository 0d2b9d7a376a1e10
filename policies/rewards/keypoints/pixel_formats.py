"""How today's vision-language models write where something is: unit and order of the numbers, and spelling.

Sources: the models' own cards and cookbooks (Gemini robotics: y first, 0-1000; Qwen3-VL and GLM-V: 0-1000;
Qwen2.5-VL: pixels of the resized input; RoboPoint: fractions; Molmo: percent; Molmo2: 0-1000). The word of a
card is not proof for a served model: `rank_formats` says which format fits marks that we drew ourselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from policies.rewards.keypoints.sent_image import Pixels, SentImage
from robot.core.errors import NudgeError, UnknownName

Unit = Literal["pixels", "fraction", "percent", "thousand"]
Order = Literal["xy", "yx"]
Spelling = Literal["plain", "gemini", "qwen", "tuples", "molmo", "molmo2"]
FULL_SCALE: Mapping[Unit, float] = MappingProxyType({"fraction": 1.0, "percent": 100.0, "thousand": 1000.0})
_SLACK = 0.005  # of the image: models do answer 1000.0 or 1.001 for the very edge
_TINY_UNITS = ("percent", "thousand", "pixels")


class PixelFormatError(NudgeError):
    """A reply whose coordinates are not in the format that was asked for."""


@dataclass(frozen=True)
class PixelFormat:
    """Unit, order and spelling of a model's coordinates; ``example`` goes into the prompt."""

    name: str
    unit: Unit
    order: Order
    spelling: Spelling

    def full_scale(self, image: SentImage) -> np.ndarray:
        """What stands for the far edges [2], in x-y order."""
        if self.unit == "pixels":
            return np.asarray(image.sent_size, float)
        return np.full(2, FULL_SCALE[self.unit])


def _generic() -> list[PixelFormat]:
    units: tuple[Unit, ...] = ("pixels", "fraction", "percent", "thousand")
    orders: tuple[Order, ...] = ("xy", "yx")
    return [PixelFormat(f"{unit}-{order}", unit, order, "plain") for unit in units for order in orders]


_MODELS = (
    PixelFormat("gemini", "thousand", "yx", "gemini"),
    PixelFormat("qwen3-vl", "thousand", "xy", "qwen"),
    PixelFormat("qwen2.5-vl", "pixels", "xy", "qwen"),
    PixelFormat("glm-v", "thousand", "xy", "qwen"),
    PixelFormat("robopoint", "fraction", "xy", "tuples"),
    PixelFormat("molmo", "percent", "xy", "molmo"),
    PixelFormat("molmo2", "thousand", "xy", "molmo2"),
    # Seen from served Qwen3-VL models that were asked for XML.
    PixelFormat("qwen3-vl-xml", "thousand", "xy", "molmo"),
)
FORMATS: Mapping[str, PixelFormat] = MappingProxyType({f.name: f for f in (*_generic(), *_MODELS)})


def pixel_format(name: str) -> PixelFormat:
    """The format of that name; UnknownName offers the nearest."""
    if name not in FORMATS:
        raise UnknownName("pixel format", name, FORMATS)
    return FORMATS[name]


def to_pixels(values: np.ndarray, fmt: PixelFormat, image: SentImage) -> Pixels:
    """A model's numbers [N, 2], as it wrote them, in pixels [N, 2] of the camera's frame.

    Raises PixelFormatError where they cannot be meant in ``fmt``, naming the formats that they would fit.
    """
    values = np.asarray(values, float).reshape(-1, 2)
    _check(values, fmt, image)
    return np.clip(_convert(values, fmt, image), -0.5, np.asarray(image.size) - 0.5)


def from_pixels(pixels: Pixels, fmt: PixelFormat, image: SentImage) -> np.ndarray:
    """Pixels [N, 2] of the camera's frame as a model of this format would write them [N, 2], not rounded."""
    scaled = image.to_fractions(pixels) * fmt.full_scale(image)
    if fmt.unit == "pixels":
        scaled = scaled - 0.5  # a pixel's number names its centre; the other units count from the edge
    return scaled if fmt.order == "xy" else scaled[:, ::-1]


def fitting_formats(values: np.ndarray, image: SentImage) -> tuple[str, ...]:
    """Names of the unit-and-order formats whose range holds all ``values`` [N, 2] and that use that range.

    "Use": not all within one unit of the corner, as fractions read as percent would be.
    """
    values = np.asarray(values, float).reshape(-1, 2)
    return tuple(f.name for f in _generic() if not _problem(values, f, image))


def rank_formats(values: np.ndarray, known_px: Pixels, image: SentImage) -> tuple[tuple[str, float], ...]:
    """Formats that fit a model's answers [N, 2] about marks known to be at ``known_px`` [N, 2], best first.

    With each, the median distance in pixels; marks off the diagonal are needed to tell x-y from y-x.
    """
    values = np.asarray(values, float).reshape(-1, 2)
    known = np.asarray(known_px, float).reshape(-1, 2)
    if len(values) != len(known) or not len(values):
        raise PixelFormatError(f"{len(values)} answers for {len(known)} marks: ask for one point a mark")
    off = {name: _median_px(values, FORMATS[name], image, known) for name in fitting_formats(values, image)}
    return tuple(sorted(off.items(), key=lambda pair: pair[1]))


def _median_px(values: np.ndarray, fmt: PixelFormat, image: SentImage, known: Pixels) -> float:
    return float(np.median(np.linalg.norm(_convert(values, fmt, image) - known, axis=1)))


def _convert(values: np.ndarray, fmt: PixelFormat, image: SentImage) -> Pixels:
    xy = values if fmt.order == "xy" else values[:, ::-1]
    if fmt.unit == "pixels":
        xy = xy + 0.5
    return image.from_fractions(xy / fmt.full_scale(image))


def _check(values: np.ndarray, fmt: PixelFormat, image: SentImage) -> None:
    problem = _problem(values, fmt, image)
    if problem:
        fits = ", ".join(fitting_formats(values, image)) or "no known format"
        raise PixelFormatError(
            f"coordinates {_short(values)} are not {fmt.name} ({fmt.unit}, {fmt.order}) of an image of "
            f"{image.sent_width}x{image.sent_height} px: {problem}. They would fit: {fits}. "
            "Set the model's pixel format, or ask again with an example in the prompt"
        )


def _problem(values: np.ndarray, fmt: PixelFormat, image: SentImage) -> str:
    """Why the numbers cannot be meant so; empty where they can."""
    if not np.isfinite(values).all():
        return "some are not finite"
    scale = fmt.full_scale(image)
    scale = scale if fmt.order == "xy" else scale[::-1]
    shift = 0.5 if fmt.unit == "pixels" else 0.0
    edges = (values + shift) / scale
    if ((edges < -_SLACK) | (edges > 1 + _SLACK)).any():
        return f"outside 0 to {scale[0]:g}, 0 to {scale[1]:g}"
    fractional = (values != np.round(values)).any()
    if fmt.unit in _TINY_UNITS and fractional and values.max(initial=0.0) <= 1.0 < scale.min() / 20:
        return "all within one unit of the corner, so more likely fractions of 1"
    return ""


def _short(values: np.ndarray) -> str:
    shown = ", ".join(f"[{a:g}, {b:g}]" for a, b in values[:4])
    return shown + (", .." if len(values) > 4 else "")
