"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

# Imports every module of robot.core with nothing but numpy and msgpack to be had.
CORE_ALONE = """
import importlib, pkgutil, sys

class Blocked:
    allowed = {"robot", "numpy", "msgpack", *sys.stdlib_module_names}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.allowed:
            raise ImportError(f"robot.core may not need {name}")

sys.meta_path.insert(0, Blocked())
core = importlib.import_module("robot.core")
for module in pkgutil.iter_modules(core.__path__, "robot.core."):
    importlib.import_module(module.name)
outside = sorted(m for m in sys.modules if m.startswith("robot.") and not m.startswith("robot.core"))
assert not outside, f"robot.core imports {outside}"
"""


def test_import_contracts_hold(root: Path) -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_core_needs_numpy_and_msgpack_alone(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CORE_ALONE], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_child_of_robot_is_in_a_layer(root: Path, modules: dict) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["id"] == "layers")
    listed = {name.strip(" ()") for line in layers for name in line.replace("|", ":").split(":")}
    children = {".".join(name.split(".")[:2]) for name in modules if name.startswith("robot.")}
    assert not children - listed, "add them to the layers in pyproject.toml"


def test_no_import_cycles(modules: dict) -> None:
    graph = {name: set(_imported(module.tree, set(modules))) - {name} for name, module in modules.items()}
    TopologicalSorter(graph).prepare()  # its CycleError names the modules


def _imported(tree: ast.Module, known: set[str]) -> Iterator[str]:
    """Own modules imported when the module is; what a function imports later cannot make a cycle."""
    for node in _run_on_import(tree):
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = [f"{node.module}.{a.name}" for a in node.names]
            names = [name if name in known else node.module for name in inner]
        else:
            continue
        yield from (name for name in names if name in known)


def _run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from _run_on_import(child)
