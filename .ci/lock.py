"""Prints requirements.lock from the report of ``pip install --dry-run --ignore-installed --report``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(report: str) -> None:
    """One ``name==version`` a line, without Nudge itself and without local versions (torch's +cpu)."""
    items = [item["metadata"] for item in json.loads(Path(report).read_text())["install"]]
    pins = {_normal(m["name"]): m["version"].split("+")[0] for m in items if m["name"] != "nudge"}
    lines = ["# What the extras `all` and `dev` need, pinned; `make lock` writes it."]
    sys.stdout.write("\n".join([*lines, *(f"{name}=={pins[name]}" for name in sorted(pins))]) + "\n")


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


if __name__ == "__main__":
    main(sys.argv[1])
