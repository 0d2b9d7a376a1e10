"""What the source must look like beyond what ruff checks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("robot", "policies", "teleop", "calibration", "sim", "benchmarks", "tests", "launch", ".ci")
HARD_LIMIT = 400
SOFT_LIMIT = 300
LONG_FILES: dict[str, str] = {}  # path -> why it is over the soft limit
VAGUE_NAMES = {"utils", "util", "common", "helpers", "misc"}
PICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def test_files_are_short(root: Path) -> None:
    lengths = {path: len((root / path).read_text().splitlines()) for path in _files(root)}
    assert not {p: n for p, n in lengths.items() if n > HARD_LIMIT}
    long = {p: n for p, n in lengths.items() if n > SOFT_LIMIT}
    assert set(long) == set(LONG_FILES), f"split {long}, or say in LONG_FILES why not"


def test_no_vague_module_names(root: Path) -> None:
    parts = {path: {*Path(path).parent.parts, Path(path).stem} for path in _files(root)}
    assert not [p for p, names in parts.items() if names & VAGUE_NAMES]


def test_nothing_unpickles(root: Path) -> None:
    found = {path: sorted(set(_unpickling((root / path).read_text()))) for path in _files(root)}
    assert not {path: what for path, what in found.items() if what}


def test_core_is_documented_and_annotated(modules: dict) -> None:
    core = {name: m.tree for name, m in modules.items() if name.startswith("robot.core")}
    assert core
    problems = [f"{name}.{p}" for name, tree in core.items() for p in _undocumented(tree)]
    assert not problems


def _files(root: Path) -> list[str]:
    return [str(f.relative_to(root)) for d in FOLDERS for f in sorted((root / d).rglob("*.py"))]


def _unpickling(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.partition(".")[0] in PICKLERS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in PICKLERS:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            yield from _unpickling_call(node)


def _unpickling_call(call: ast.Call) -> Iterator[str]:
    """``torch.load`` without weights_only=True and ``allow_pickle=True`` read pickles too."""
    options = {k.arg: ast.unparse(k.value) for k in call.keywords}
    if options.get("allow_pickle", "False") != "False":
        yield "allow_pickle"
    if ast.unparse(call.func) == "torch.load" and options.get("weights_only") != "True":
        yield "torch.load"


def _undocumented(tree: ast.AST, inside: str = "") -> Iterator[str]:
    """Public functions and classes without a docstring, and functions not fully annotated."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        name = f"{inside}{node.name}"
        if not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{name} has no docstring"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node, f"{name}.")
        elif not _annotated(node):
            yield f"{name} is not fully annotated"


def _annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    a = function.args
    every = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
    typed = [p.annotation for p in every if p.arg not in ("self", "cls")]
    return function.returns is not None and None not in typed
