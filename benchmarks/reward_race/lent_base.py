"""The base of a seed is trained and evaluated by the first arm that gets there; the others take it over.

A reward changes nothing of it, but the demonstrations it labels: each arm records its own, with the same
starts and movements. The trainer knows a base by its data and refuses one of other movements.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.learning_table.share import copy_metrics
from robot.session.metrics import read_metrics

_POLICY = ("checkpoint.safetensors", "policy.safetensors", "policy.json")


def lend_base(runs: Path, run_dir: Path, seed: int) -> None:
    """Give a session that has not begun the base of another arm of this seed, if one is evaluated."""
    lenders = [d for d in sorted(runs.glob(f"*-{seed}")) if d != run_dir and _evaluated(d)]
    if not lenders or (run_dir / "metrics.jsonl").exists():
        return
    (run_dir / "base").mkdir(exist_ok=True)
    for name in _POLICY:
        shutil.copyfile(lenders[0] / "base" / name, run_dir / "base" / name)
    shutil.copytree(lenders[0] / "eval" / "base_eval", run_dir / "eval" / "base_eval", dirs_exist_ok=True)
    copy_metrics(lenders[0], run_dir, ["base_eval"])


def _evaluated(run_dir: Path) -> bool:
    path = run_dir / "metrics.jsonl"
    rows = read_metrics(path) if path.exists() else []
    return any(r["kind"] == "stage" and r["stage"] == "base_eval" and r["state"] == "done" for r in rows)
