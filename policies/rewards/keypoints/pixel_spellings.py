"""The texts in which models write points and boxes, read and written: JSON, tuples, XML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape, quoteattr, unescape

import numpy as np

from policies.rewards.keypoints.pixel_formats import (
    PixelFormat,
    PixelFormatError,
    Spelling,
    from_pixels,
    to_pixels,
)
from policies.rewards.keypoints.sent_image import Pixels, SentImage

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_FENCE = re.compile(r"```(?:json|xml)?\s*(.*?)```", re.DOTALL)
_TUPLE = re.compile(rf"[(\[]\s*({_NUMBER})\s*,\s*({_NUMBER})\s*[)\]]")
_TAG = re.compile(r"<(points?)\b([^>]*)>(.*?)</\1>|<(points?)\b([^>]*)/>", re.DOTALL)
_ATTRIBUTE = re.compile(r"""([a-zA-Z]+\d*)\s*=\s*("[^"]*"|'[^']*')""")
_POINT_KEYS, _BOX_KEYS = ("point", "point_2d"), ("box_2d", "bbox_2d")


@dataclass(frozen=True)
class Finding:
    """What a model found: a point [1, 2], or a box [2, 2] from its top left to its bottom right corner."""

    label: str
    corners: np.ndarray

    @property
    def is_box(self) -> bool:
        """Two corners rather than one point."""
        return len(self.corners) == 2

    @property
    def centre(self) -> np.ndarray:
        """[2]."""
        return self.corners.mean(axis=0)


def read_reply(text: str, fmt: PixelFormat, image: SentImage) -> tuple[Finding, ...]:
    """Points and boxes of a reply, in pixels of the camera's frame.

    Raises PixelFormatError for a text without any, and for numbers that cannot be in ``fmt``.
    """
    found = _READERS[fmt.spelling](_unfenced(text))
    if not found:
        raise PixelFormatError(
            f"no point in the reply {text[:120]!r}; want {fmt.name}: {example(fmt, image)}"
        )
    pixels = to_pixels(np.concatenate([f.corners for f in found]), fmt, image)
    ends = np.cumsum([len(f.corners) for f in found])[:-1]
    return tuple(Finding(f.label, p) for f, p in zip(found, np.split(pixels, ends), strict=True))


def write_reply(findings: Sequence[Finding], fmt: PixelFormat, image: SentImage) -> str:
    """The same in the model's own words; boxes only where the spelling has them."""
    if not _has_boxes(fmt.spelling) and any(f.is_box for f in findings):
        raise PixelFormatError(f"{fmt.name} has no boxes; give points, or one of the JSON formats")
    digits = 4 if fmt.unit == "fraction" else 1
    numbers = [np.round(from_pixels(f.corners, fmt, image), digits) for f in findings]
    return _WRITERS[fmt.spelling]([Finding(f.label, n) for f, n in zip(findings, numbers, strict=True)])


def example(fmt: PixelFormat, image: SentImage) -> str:
    """One point, a quarter from the left and half way down, as this format writes it: for prompts."""
    point: Pixels = image.from_fractions(np.array([[0.25, 0.5]]))
    return write_reply([Finding("mug handle", point)], fmt, image)


def _has_boxes(spelling: Spelling) -> bool:
    return spelling in ("plain", "gemini", "qwen")


def _unfenced(text: str) -> str:
    inside = _FENCE.search(text)
    return inside.group(1) if inside else text


def _read_json(text: str) -> list[Finding]:
    start = min((i for i in (text.find("["), text.find("{")) if i >= 0), default=-1)
    if start < 0:
        return []
    try:
        value, _ = json.JSONDecoder().raw_decode(text[start:])
    except (json.JSONDecodeError, RecursionError) as error:
        raise PixelFormatError(f"broken JSON in the reply: {error}; ask again or repair it") from error
    return list(_findings_in(value))


def _findings_in(value: Any, label: str = "") -> list[Finding]:
    if isinstance(value, dict):
        label = str(value.get("label", label))
        keyed = [value[k] for k in (*_POINT_KEYS, *_BOX_KEYS, "points") if k in value]
        return [f for v in keyed for f in _findings_in(v, label)]
    if not isinstance(value, list):
        return []
    if value and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value):
        return [_finding(label, value)]
    return [f for v in value for f in _findings_in(v, label)]


def _finding(label: str, numbers: Sequence[float]) -> Finding:
    if len(numbers) not in (2, 4):
        raise PixelFormatError(f"{len(numbers)} coordinates {list(numbers)}; want 2 for a point, 4 for a box")
    try:
        return Finding(label, np.array(numbers, float).reshape(-1, 2))
    except OverflowError as error:
        raise PixelFormatError("a coordinate of over 300 digits; ask again") from error


def _read_tuples(text: str) -> list[Finding]:
    return [_finding("", [float(a), float(b)]) for a, b in _TUPLE.findall(text)]


def _read_xml(text: str) -> list[Finding]:
    found: list[Finding] = []
    for tag in _TAG.finditer(text):
        attributes = {
            k: unescape(v[1:-1], {"&quot;": '"'}) for k, v in _ATTRIBUTE.findall(tag[2] or tag[5] or "")
        }
        label = attributes.get("alt", unescape(tag[3] or ""))
        found += [_finding(label, pair) for pair in _pairs(attributes)]
    return found


def _pairs(attributes: Mapping[str, str]) -> list[list[float]]:
    """x and y, x1 y1 x2 y2 .., or Molmo2's coords: an image's number, then number x y of each point."""
    try:
        if "coords" in attributes:
            groups = [[float(n) for n in part.split()] for part in re.split(r"[;,\t]", attributes["coords"])]
            return [g[i : i + 2] for g in groups for i in range(2, len(g), 3)]
        ends = [k[1:] for k in attributes if re.fullmatch(r"x\d*", k)]
        return [[float(attributes[f"x{e}"]), float(attributes[f"y{e}"])] for e in ends]
    except (KeyError, ValueError) as error:
        raise PixelFormatError(f"a point without its two numbers: {dict(attributes)} ({error})") from error


def _write_gemini(found: Sequence[Finding]) -> str:
    keys = {False: "point", True: "box_2d"}
    return json.dumps([{keys[f.is_box]: _numbers(f), "label": f.label} for f in found])


def _write_qwen(found: Sequence[Finding]) -> str:
    keys = {False: "point_2d", True: "bbox_2d"}
    return json.dumps([{keys[f.is_box]: _numbers(f), "label": f.label} for f in found])


def _write_plain(found: Sequence[Finding]) -> str:
    return json.dumps([_numbers(f) for f in found])


def _write_tuples(found: Sequence[Finding]) -> str:
    return "[" + ", ".join(f"({f.corners[0, 0]:g}, {f.corners[0, 1]:g})" for f in found) + "]"


def _write_molmo(found: Sequence[Finding]) -> str:
    tags = [(*f.corners[0], quoteattr(f.label), escape(f.label)) for f in found]
    return "".join(f'<point x="{x:g}" y="{y:g}" alt={alt}>{text}</point>' for x, y, alt, text in tags)


def _write_molmo2(found: Sequence[Finding]) -> str:
    tags = [(*f.corners[0], escape(f.label)) for f in found]
    return "".join(f'<points coords="1 1 {x:g} {y:g}">{text}</points>' for x, y, text in tags)


def _numbers(found: Finding) -> list[float]:
    return [int(v) if v == int(v) else float(v) for v in found.corners.ravel()]


_READERS: Mapping[Spelling, Callable[[str], list[Finding]]] = MappingProxyType(
    {
        "plain": _read_json,
        "gemini": _read_json,
        "qwen": _read_json,
        "tuples": _read_tuples,
        "molmo": _read_xml,
        "molmo2": _read_xml,
    }
)
_WRITERS: Mapping[Spelling, Callable[[Sequence[Finding]], str]] = MappingProxyType(
    {
        "plain": _write_plain,
        "gemini": _write_gemini,
        "qwen": _write_qwen,
        "tuples": _write_tuples,
        "molmo": _write_molmo,
        "molmo2": _write_molmo2,
    }
)
