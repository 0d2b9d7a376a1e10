"""The comparison's table, and what it ran on."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from robot.session.statistics import wilson

PACKAGES = ("lerobot", "torch", "jax", "flax", "gym-hil", "robosuite", "mujoco", "gymnasium", "numpy")
_HEAD = (
    "task",
    "learner",
    "seed",
    "steps",
    "final success",
    "95 % interval",
    "steps to 90 %",
    "practice to 90 %",
    "steps an episode",
    "learner CPU min",
    "CPU min",
)
_NOTE = """\
Final success: over {final_episodes} episodes on fresh seeds, no exploration, no help. Steps to 90 %:
practice steps before the first look (every {look_every} steps, {look_episodes} episodes, no exploration) that
saw it. Practice to 90 %: the same of twenty practice episodes in a row, exploration included. Steps an
episode: of the final ones that succeeded. CPU minutes are the process's; the learner's without the simulator.
"""


def machine(root: Path) -> dict[str, object]:
    """What a row needs to be repeated: versions, machine, commit and date."""
    git = ["git", "-C", str(root)]
    commit = subprocess.check_output([*git, "rev-parse", "--short", "HEAD"], text=True).strip()
    changed = subprocess.check_output([*git, "status", "--porcelain", "--untracked-files=no"], text=True)
    return {
        "versions": {name: version(name) for name in PACKAGES},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "commit": commit + ("+changes" if changed.strip() else ""),
        "date": datetime.date.today().isoformat(),
    }


def table(rows: Sequence[dict]) -> str:
    """Markdown, a row a run."""
    ordered = sorted(rows, key=lambda r: (r["task"], r["online_steps"], r["learner"], r["seed"]))
    lines = [_line(_HEAD), _line(["---"] * len(_HEAD)), *(_line(_cells(r)) for r in ordered)]
    notes = sorted({_NOTE.format(**r["budget"]) for r in rows})
    runs = sorted({f"{r['date']}, {r['machine']}, commit {r['commit']}: {_versions(r)}" for r in rows})
    return "\n".join([*lines, "", *notes, *(f"- {run}" for run in runs), ""])


def _cells(row: dict) -> list[str]:
    final = row["final"]
    low, high = wilson(final["successes"], final["episodes"])
    length = final["steps_when_good"]
    return [
        row["task"],
        row["learner"],
        str(row["seed"]),
        str(row["online_steps"]),
        f"{final['successes'] / final['episodes']:.0%}",
        f"{low:.0%} to {high:.0%}",
        _steps(row["steps_to_90"]),
        _steps(row["practice_steps_to_90"]),
        "-" if length is None else f"{length:.1f}",
        f"{row['learner_cpu_minutes']:.1f}",
        f"{row['cpu_minutes']:.1f}",
    ]


def _steps(value: int | None) -> str:
    return "not reached" if value is None else str(value)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _versions(row: dict) -> str:
    return ", ".join(f"{name} {v}" for name, v in row["versions"].items())
