"""An empty `torchvision`, for a package that imports it and then does without.

It has no build for a machine without CUDA in the package index used here. A real one is preferred.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class StubModule(ModuleType):
    """A module whose every name is an empty class: it can be imported and subclassed, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class StubFinder(MetaPathFinder, Loader):
    """Finds torchvision and everything below it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A package for torchvision's names, nothing for others."""
        mine = fullname.partition(".")[0] == "torchvision"
        return ModuleSpec(fullname, self, is_package=True) if mine else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """An empty module."""
        return StubModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def install() -> None:
    """Serve the stub where no real torchvision is found."""
    sys.meta_path.append(StubFinder())
