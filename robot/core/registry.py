"""Lazy names: "peg_insert" -> "policies.tasks.peg_insert:PegInsert", imported only when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from robot.core.errors import UnknownName


def load(path: str) -> Any:
    """The object at ``"module:attribute"``."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


class Registry(Mapping[str, str]):
    """Names of one kind of thing, each pointing to ``"module:attribute"``."""

    def __init__(self, kind: str, paths: Mapping[str, str]) -> None:
        self.kind = kind
        self._paths = dict(paths)

    def __getitem__(self, name: str) -> str:
        if name not in self._paths:
            raise UnknownName(self.kind, name, self._paths)
        return self._paths[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def load(self, name: str) -> Any:
        """Import and return the named object; an unknown name offers the nearest."""
        return load(self[name])
