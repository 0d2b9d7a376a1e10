"""The README's commands exist: every `nudge X` answers --help, every `make X` is a target."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

RUN_NUDGE = "import sys; sys.argv[0] = 'nudge'; from robot.cli import main; sys.exit(main())"


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    path = root / "README.md"
    assert path.is_file(), "README.md is missing"
    return path.read_text()


def test_the_parser_reads_code_and_not_prose() -> None:
    text = (
        "people nudge arms and make it learn\n```\n$ nudge train --task x\nmake test\n```\n`nudge eval` twice"
    )
    assert (commands("nudge", text), commands("make", text)) == ({"train", "eval"}, {"test"})


def test_nudge_commands_exist(readme: str, root: Path) -> None:
    named = commands("nudge", readme)
    assert named, "README.md names no nudge command"
    helps = {name: [sys.executable, "-c", RUN_NUDGE, name, "--help"] for name in named}
    done = {n: subprocess.run(c, cwd=root, capture_output=True, text=True) for n, c in helps.items()}
    failed = {name: d.stderr[-500:] for name, d in done.items() if d.returncode != 0}
    assert not failed


def test_make_targets_exist(readme: str, root: Path) -> None:
    named = commands("make", readme)
    targets = set(re.findall(r"^([a-z][\w-]*):", (root / "Makefile").read_text(), re.MULTILINE))
    assert {"train", "test"} <= named <= targets


def commands(program: str, text: str) -> set[str]:
    """First words after ``program`` in the code of a Markdown page: fenced blocks and `inline` code."""
    code = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    return set(re.findall(rf"(?:^|[`/$&;|] ?){program} ([a-z][\w-]*)", "\n".join(code), re.MULTILINE))
