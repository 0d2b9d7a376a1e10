"""Takes each rule out of the safety layer in turn; a short deterministic check must notice every time.

The mutants are made from the syntax trees and live under other names; no file is touched.
"""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, ModuleType

import numpy as np
import pytest

from tests.unit.safety_battery import BATTERY
from tests.unit.safety_rule_checks import Layer

SAFETY = Path(__file__).parents[2] / "robot" / "safety"
MODULES = ("jerk_limit", "stop_check", "guard")  # in the order of their imports
RULES = {
    "guard": [
        *("guard", "usable", "_hold_reasons", "_stop_reason", "_joint_stop_reason", "_yielding", "_dragged"),
        *("_rates", "_slowed", "_accepted", "_limited"),
    ],
    "stop_check": ["__init__", "broken", "less", "_pose", "_along_the_wall", "_kept"],
    "jerk_limit": ["shortened", "excess", "toward"],
}
# Without these the layer does the same, only slower.
EQUIVALENT = {
    "guard._slowed: linear == ZERO and angular == ZERO of "
    "state is None or state.jacobian is None or (linear == ZERO and angular == ZERO)",
}
Edit = Callable[[], None]


def _edits(function: ast.FunctionDef) -> Iterator[tuple[str, Edit]]:
    """(rule, what removes it), for every condition, bound and listed step of a function."""
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp):
            yield from _conditions(node, "test", False)
        elif isinstance(node, ast.Dict):
            for i, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
                if key and not isinstance(value, ast.BoolOp):
                    yield ast.unparse(key), _put(node.values, i, ast.Constant(False))
                elif isinstance(value, ast.BoolOp):
                    yield from _operands(value)
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.BoolOp | ast.Compare | ast.Tuple):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else []
            for i, value in enumerate(values):
                if isinstance(value, ast.Compare):
                    yield ast.unparse(value), _put(values, i, ast.Constant(False))
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) == "bool":
                yield ast.unparse(node.value), _put(node.value.args, 0, ast.Constant(True))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield from _bounds(node)
        elif isinstance(node, ast.List) and any(isinstance(e, ast.Starred) for e in node.elts):
            for i, element in enumerate(node.elts):
                if "stop(" in ast.unparse(element):
                    yield (
                        ast.unparse(element),
                        _put(node.elts, i, ast.Starred(ast.List([], ast.Load()), ast.Load())),
                    )
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            yield f"{ast.unparse(node)}, low", _chain(node, 0)
            yield f"{ast.unparse(node)}, high", _chain(node, 1)


def _put(where: list, i: int, new: ast.AST) -> Edit:
    return lambda: where.__setitem__(i, new)


def _conditions(node: ast.If | ast.IfExp, field: str, neutral: bool) -> Iterator[tuple[str, Edit]]:
    test = getattr(node, field)
    if isinstance(test, ast.BoolOp):
        yield from _operands(test)
    yield ast.unparse(test), lambda: setattr(node, field, ast.Constant(neutral))


def _operands(node: ast.BoolOp) -> Iterator[tuple[str, Edit]]:
    neutral = isinstance(node.op, ast.And)
    for i, operand in enumerate(node.values):
        yield f"{ast.unparse(operand)} of {ast.unparse(node)}", _put(node.values, i, ast.Constant(neutral))


def _bounds(node: ast.Call) -> Iterator[tuple[str, Edit]]:
    name = ast.unparse(node.func)
    if name in ("min", "max") and len(node.args) == 2:
        for i, kept in enumerate(node.args):
            yield f"{ast.unparse(node)}, {ast.unparse(node.args[1 - i])}", _becomes(node, kept)
    elif name == "shortened":
        yield ast.unparse(node), _becomes(node, node.args[0])


def _becomes(node: ast.Call, kept: ast.expr) -> Edit:
    """The call becomes one of its arguments."""

    def edit() -> None:
        node.func, node.args = ast.Name("_kept_of", ast.Load()), [kept]

    return edit


def _chain(node: ast.Compare, which: int) -> Edit:
    def edit() -> None:
        operands = [node.left, *node.comparators]
        kept = operands[1:] if which == 0 else operands[:-1]
        node.left, node.comparators = kept[0], kept[1:]
        node.ops = node.ops[1:] if which == 0 else node.ops[:-1]

    return edit


TREES = {name: ast.parse((SAFETY / f"{name}.py").read_text()) for name in MODULES}


def _rules(module: str, tree: ast.Module) -> list[tuple[str, Edit]]:
    """Every rule of a module, in the order of the source."""
    return [
        (f"{module}.{function.name}: {rule}", edit)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name in RULES[module]
        for rule, edit in _edits(function)
    ]


def _compiled(name: str, tree: ast.Module) -> CodeType:
    """Importing the other modules under their other names."""
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {f"robot.safety.{m}" for m in MODULES}:
            node.module = node.module.replace("robot.safety.", "mutant_")
    return compile(ast.fix_missing_locations(tree), f"mutant_{name}", "exec")


CODE = {name: _compiled(name, tree) for name, tree in TREES.items()}


def _load(code: dict[str, CodeType]) -> Layer:
    """The modules, importing each other under other names."""
    loaded: dict[str, ModuleType] = {}
    for name in MODULES:
        module = loaded[name] = sys.modules[f"mutant_{name}"] = ModuleType(f"mutant_{name}")
        module.__dict__["_kept_of"] = lambda kept: kept
        exec(code[name], module.__dict__)
    return Layer(loaded["guard"], loaded["jerk_limit"])


def _caught_by(layer: Layer) -> str:
    """The first check that fails, or nothing."""
    for name, check in BATTERY.items():
        try:
            with np.errstate(all="ignore"):
                check(layer)
        except Exception:  # a mutant may fail in any way
            return name
    return ""


@pytest.fixture(autouse=True)
def _forget_mutants() -> Iterator[None]:
    yield
    for name in MODULES:
        sys.modules.pop(f"mutant_{name}", None)


def test_the_layer_as_it_is_passes_every_check() -> None:
    layer = _load(CODE)
    for check in BATTERY.values():
        check(layer)


def test_no_rule_can_be_removed_unnoticed(capsys: pytest.CaptureFixture[str]) -> None:
    table = []
    for module, tree in TREES.items():
        for i, (rule, _) in enumerate(_rules(module, tree)):
            if rule not in EQUIVALENT:
                mutant = _load(CODE | {module: _compiled(module, _without(module, tree, i))})
                table.append((rule, _caught_by(mutant)))
    with capsys.disabled():
        lines = [f"{caught or 'NOBODY':16} {rule}" for rule, caught in table]
        sys.stdout.write("\n" + "\n".join(lines) + f"\n{len(table)} rules\n")
    assert len(table) > 100
    assert [rule for rule, caught in table if not caught] == []


def _without(module: str, tree: ast.Module, i: int) -> ast.Module:
    tree = copy.deepcopy(tree)
    _rules(module, tree)[i][1]()
    return tree
