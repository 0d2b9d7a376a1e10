"""The project's own source, parsed once."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("robot", "policies", "teleop", "calibration", "sim")


@dataclass(frozen=True)
class Module:
    """One source file: dotted name, path, syntax tree."""

    name: str
    path: Path
    tree: ast.Module


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def modules() -> dict[str, Module]:
    """Every module of the five packages, by dotted name."""
    files = (f for package in PACKAGES for f in sorted((ROOT / package).rglob("*.py")))
    found = [Module(_name(f), f.relative_to(ROOT), ast.parse(f.read_text())) for f in files]
    return {m.name: m for m in found}


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
