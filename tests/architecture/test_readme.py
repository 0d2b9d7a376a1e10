"""What the README and docs/ tell people to type exists: commands, their options, make targets, files."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

RUN_NUDGE = "import sys; sys.argv[0] = 'nudge'; from robot.cli import main; sys.exit(main())"


PAGES = ["README.md", "docs/bring_up.md", "docs/grounding.md", "docs/rewards.md"]


@pytest.fixture(params=PAGES)
def page(request: pytest.FixtureRequest, root: Path) -> str:
    path = root / request.param
    assert path.is_file(), f"{path} is missing"
    return path.read_text()


@pytest.fixture(scope="module")
def helps(root: Path) -> Callable[[str], str]:
    @cache
    def help_of(command: str) -> str:
        argv = [sys.executable, "-c", RUN_NUDGE, *command.split(), "--help"]
        done = subprocess.run(argv, cwd=root, capture_output=True, text=True)
        # An unknown command answers with the help of `nudge` itself.
        known = f"nudge {command} " in done.stdout.partition("\n")[0]
        parts = re.findall(r"^\W*• ([a-z][\w-]*)", done.stdout, re.MULTILINE) if known else []
        return "".join([done.stdout if known else "", *(help_of(f"{command} {part}") for part in parts)])

    return help_of


def test_every_page_of_docs_is_checked(root: Path) -> None:
    assert {str(p.relative_to(root)) for p in root.glob("docs/*.md")} <= set(PAGES)


def test_the_parser_reads_code_and_not_prose() -> None:
    text = (
        "people nudge arms and make it learn\n```\n$ nudge train --task x\nmake test\n```\n`nudge eval` twice"
    )
    assert (commands("nudge", text), commands("make", text)) == ({"train", "eval"}, {"test"})
    assert options(text) == {("train", "--task")}


def test_nudge_commands_and_their_options_exist(page: str, helps: Callable[[str], str]) -> None:
    named = commands("nudge", page)
    assert named, "names no nudge command"
    assert not [name for name in named if not helps(name)]
    wrong = [(name, o) for name, o in options(page) if not re.search(rf"{o}\b", helps(name))]
    assert not wrong


def test_make_targets_exist(page: str, root: Path) -> None:
    targets = set(re.findall(r"^([a-z][\w-]*):", (root / "Makefile").read_text(), re.MULTILINE))
    assert commands("make", page) <= targets


def test_the_readme_says_how_to_train_and_test(root: Path) -> None:
    assert {"train", "test"} <= commands("make", (root / "README.md").read_text())


def test_files_that_a_page_names_exist(page: str, root: Path) -> None:
    named = re.findall(r"\b(?:launch|benchmarks)/[\w./-]*\w\.\w+", page)
    assert not [n for n in named if not (root / n).exists() and not re.search("my_cell|NAME", n)]


def options(text: str) -> set[tuple[str, str]]:
    """(command, option) of every `nudge COMMAND ... --option` in the code of a page."""
    lines = re.findall(r"\bnudge ([a-z]\w*)([^\n`#|;]*)", "\n".join(code(text)))
    return {(command, o) for command, rest in lines for o in re.findall(r"(?<!\S)--[a-z][\w-]*", rest)}


def commands(program: str, text: str) -> set[str]:
    """First words after ``program`` in the code of a Markdown page: fenced blocks and `inline` code."""
    return set(re.findall(rf"(?:^|[`/$&;|] ?){program} ([a-z][\w-]*)", "\n".join(code(text)), re.MULTILINE))


def code(text: str) -> list[str]:
    """Fenced blocks and `inline` code."""
    return re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
