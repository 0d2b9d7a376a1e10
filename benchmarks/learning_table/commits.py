"""Which code made a row, and whether today's would make another one."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

from robot.core.errors import NudgeError

# What a session in the twin runs; benchmarks, tests and docs do not change its result.
CODE = ("robot", "policies", "teleop", "sim", "launch/rigs", "requirements.lock")
DIRTY = "-dirty"
_ROOT = Path(__file__).parents[2]


def head() -> str:
    """The checkout's commit, marked if files of `CODE` differ from it."""
    commit = _git("rev-parse", "--short=7", "HEAD").stdout.strip()
    changed = _git("status", "--porcelain", "--", *CODE).stdout.strip()
    return commit + (DIRTY if changed else "")


@cache
def is_stale(commits: str) -> bool:
    """Whether `CODE` has changed since the row's commit (``a``, ``a..b`` or ``a-dirty``), or nobody knows."""
    return any(_differs(c) for c in commits.split(".."))


@cache
def is_since(commits: str, oldest: str) -> bool:
    """Whether all of a row's commits are ``oldest`` or come after it; NudgeError if it is unknown."""
    if _git("rev-parse", "--verify", "--quiet", f"{oldest}^{{commit}}").returncode:
        raise NudgeError(f"--since: no commit {oldest!r} here; see `git log --oneline`")
    return all(_is_ancestor(oldest, c.removesuffix(DIRTY)) for c in commits.split(".."))


def _differs(commit: str) -> bool:
    return commit.endswith(DIRTY) or bool(_git("diff", "--quiet", commit, "HEAD", "--", *CODE).returncode)


def _is_ancestor(old: str, new: str) -> bool:
    return _git("merge-base", "--is-ancestor", old, new).returncode == 0


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=False)
