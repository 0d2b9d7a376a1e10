"""Which rows are stale, in a small repository of the test's own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.learning_table import commits


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(commits, "_ROOT", tmp_path)
    for cached in (commits.is_stale, commits.is_since):
        cached.cache_clear()
    git(tmp_path, "init", "-q")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def commit(root: Path, path: str, text: str) -> str:
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", text)
    return commits.head()


def test_a_row_is_stale_once_code_that_a_session_runs_has_changed(repository: Path) -> None:
    first = commit(repository, "policies/a.py", "one")
    commit(repository, "docs/page.md", "a page")
    assert not commits.is_stale(first)
    second = commit(repository, "policies/a.py", "two")
    commits.is_stale.cache_clear()
    assert commits.is_stale(first)
    assert commits.is_stale(f"{first}..{second}")
    assert not commits.is_stale(second)
    assert commits.is_stale("0000000")  # nobody knows it


def test_uncommitted_code_is_marked_and_stale(repository: Path) -> None:
    clean = commit(repository, "policies/a.py", "one")
    (repository / "policies" / "a.py").write_text("tried something")
    assert commits.head() == f"{clean}-dirty"
    assert commits.is_stale(commits.head())


def test_since_wants_every_commit_of_a_row(repository: Path) -> None:
    first, second, third = (commit(repository, "policies/a.py", t) for t in ("one", "two", "three"))
    assert commits.is_since(second, second)
    assert commits.is_since(f"{second}..{third}", second)
    assert commits.is_since(f"{third}-dirty", second)
    assert not commits.is_since(f"{first}..{third}", second)
