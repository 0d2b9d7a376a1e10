"""The one JSON value in a model's text. It may be unwrapped, never completed: no value is made up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_FENCE = re.compile(r"```[A-Za-z0-9_-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_CLOSING = re.compile(r"\s*[}\]]")
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)


def find_json(text: str) -> str:
    """Strict JSON from ``text``: as it stands, or else out of thoughts, a code fence, prose, trailing commas.

    Raises:
        ValueError: none, or several that differ; the text says which.
    """
    if _is_json(text):
        return text
    text = _THOUGHTS.sub("", text)
    fenced = [block for block in _FENCE.findall(text) if _cleaned(block) is not None]
    whole = _cleaned(fenced[0] if len(fenced) == 1 else text)
    if whole is not None:
        return whole
    found = [clean for part in _objects(text) if (clean := _cleaned(part)) is not None]
    return _only(found)


def _only(found: list[str]) -> str:
    if not found:
        raise ValueError("got no complete JSON object, want one")
    if any(json.loads(other) != json.loads(found[0]) for other in found[1:]):
        raise ValueError(f"got {len(found)} JSON objects that differ, want one")
    return found[0]


def _cleaned(text: str) -> str | None:
    """``text`` if it is JSON, or is but for trailing commas."""
    for candidate in (text.strip(), _without_trailing_commas(text.strip())):
        if _is_json(candidate):
            return candidate
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is there twice, and nothing says which one is meant")
    return table


def _objects(text: str) -> Iterator[str]:
    """Every outermost ``{...}`` that closes."""
    at = text.find("{")
    while at >= 0:
        end = _closing(text, at)
        if end is None:
            return
        yield text[at:end]
        at = text.find("{", end)


def _closing(text: str, start: int) -> int | None:
    depth = 0
    for at, char in _outside_strings(text, start):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return at + 1
    return None


def _without_trailing_commas(text: str) -> str:
    commas = {at for at, char in _outside_strings(text, 0) if char == "," and _CLOSING.match(text, at + 1)}
    return "".join(char for at, char in enumerate(text) if at not in commas)


def _outside_strings(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Places and characters that are not inside a JSON string."""
    quoted = escaped = False
    for at in range(start, len(text)):
        char = text[at]
        if escaped:
            escaped = False
        elif quoted and char == "\\":
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif not quoted:
            yield at, char
