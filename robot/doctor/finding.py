"""What one check of the doctor saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at. A warning may hurt later, with a problem the rig does not work."""

    check: str  # "python", "arm/left", "camera/wrist"
    verdict: Verdict
    seen: str
    next_step: str = ""


def ok(check: str, seen: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", seen)


def warning(check: str, seen: str, next_step: str) -> Finding:
    """It works, and may be a trouble later."""
    return Finding(check, "warning", seen, next_step)


def problem(check: str, seen: str, next_step: str = "") -> Finding:
    """It does not work. Without a next step the text seen, a driver's own, holds it."""
    return Finding(check, "problem", seen, next_step)
