"""Strict configuration: unknown keys get the nearest name, and every mistake is reported, not the first."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from robot.core.errors import ConfigError, nearest_hint

T = TypeVar("T")


def from_dict(cls: type[T], data: Mapping[str, Any], where: str = "config") -> T:
    """Build the dataclass ``cls`` from plain data; ConfigError lists every problem found."""
    problems: list[str] = []
    value = _build(cls, data, "", problems)
    if problems:
        raise ConfigError(problems, where)
    return value


def to_dict(config: Any) -> dict[str, Any]:
    """Plain data that `from_dict` reads back."""
    return json.loads(json.dumps(dataclasses.asdict(config), default=list))


def config_hash(config: Any) -> str:
    """Sixteen hex digits over the resolved configuration."""
    text = json.dumps(to_dict(config), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _build(cls: Any, data: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(data, Mapping):
        problems.append(f"{path or 'top level'}: got {data!r}, want a table of settings")
        return None
    hints = typing.get_type_hints(cls)
    fields = {f.name: f for f in dataclasses.fields(cls)}
    for key in data:
        if key not in fields:
            problems.append(f"{_join(path, key)}: unknown setting{nearest_hint(str(key), sorted(fields))}")
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _convert(hints[name], data[name], _join(path, name), problems)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.append(f"{_join(path, name)}: missing, and it has no default")
    return _construct(cls, values, path, problems)


def _construct(cls: Any, values: dict[str, Any], path: str, problems: list[str]) -> Any:
    # A class's own checks run whatever else is wrong, so that one pass reports everything.
    defaults = {f.name: f.default for f in dataclasses.fields(cls) if f.default is not dataclasses.MISSING}
    good = {k: (defaults.get(k) if v is _BAD else v) for k, v in values.items()}
    try:
        return cls(**good)
    except ConfigError as error:
        problems.extend(_join(path, p) for p in error.problems)
    except Exception:
        # A check trips over the stand-in of a setting already reported; without one it is a bug of the check.
        if not problems:
            raise
    return None


_BAD = object()


def _convert(hint: Any, value: Any, path: str, problems: list[str]) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:  # somebody else checks it
        return value
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, path, problems)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _convert(next(a for a in args if a is not type(None)), value, path, problems)
    if origin is typing.Literal:
        return _check(value in args, value, f"one of {list(args)}", path, problems)
    if origin is tuple:
        return _tuple(args, value, path, problems)
    if origin is dict:
        if not isinstance(value, Mapping):
            return _check(False, value, "a table", path, problems)
        return {
            _convert(args[0], k, f"{path}: the name {k!r}", problems): _convert(
                args[1], v, f"{path}.{k}", problems
            )
            for k, v in value.items()
        }
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    exact = isinstance(value, hint) and not (isinstance(value, bool) and hint is not bool)
    return _check(exact, value, getattr(hint, "__name__", str(hint)), path, problems)


def _tuple(args: tuple[Any, ...], value: Any, path: str, problems: list[str]) -> Any:
    if not isinstance(value, (list, tuple)):
        return _check(False, value, "a list", path, problems)
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_convert(args[0], v, f"{path}[{i}]", problems) for i, v in enumerate(value))
    if len(value) != len(args):
        return _check(False, value, f"a list of {len(args)}", path, problems)
    pairs = zip(args, value, strict=True)
    return tuple(_convert(a, v, f"{path}[{i}]", problems) for i, (a, v) in enumerate(pairs))


def _check(good: bool, value: Any, want: str, path: str, problems: list[str]) -> Any:
    if good:
        return value
    problems.append(f"{path}: got {value!r} ({type(value).__name__}), want {want}")
    return _BAD


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else str(name)
