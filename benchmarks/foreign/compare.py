"""Ours and the `lerobot` package's own SAC on environments that neither side wrote, from state.

Same demonstrations (one file), same number of control steps, same evaluation seeds, nobody intervening. A run
that is in the results already is not repeated, so the table may fill over days.

    bash benchmarks/foreign/setup.sh /tmp/foreign_env
    /tmp/foreign_env/bin/python -m benchmarks.foreign.compare --quick     minutes: does it run?
    /tmp/foreign_env/bin/python -m benchmarks.foreign.compare --seeds 0 1 2
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.foreign.demonstrations import demonstrate, save
from benchmarks.foreign.learners import LEARNERS
from benchmarks.foreign.report import machine, table
from benchmarks.foreign.tasks import FOREIGN_TASKS

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / "runs" / "foreign"
QUICK = {"steps": 400, "look-every": 200, "look-episodes": 2, "final-episodes": 4}
FULL = {"steps": 10_000, "look-every": 1_000, "look-episodes": 20, "final-episodes": 100}
DEMONSTRATIONS = 20


def main() -> None:
    """Run what is missing; the results are written after every run."""
    args = _arguments()
    budget = QUICK if args.quick else {**FULL, "steps": args.steps}
    path = RESULTS / f"foreign{'_quick' if args.quick else ''}.json"
    for wanted in _wanted(args, budget["steps"]):
        if wanted not in [_key(row) for row in _rows(path)]:
            row = _run(*wanted[:3], budget)
            # Read again: another task's or learner's runs may be under way beside these.
            _write(path, [*_rows(path), row])
    print(table(_rows(path)))


def _rows(path: Path) -> list[dict]:
    return json.loads(path.read_text())["runs"] if path.exists() else []


def _wanted(args: argparse.Namespace, steps: int) -> list[tuple[str, str, int, int]]:
    return [(t, name, seed, steps) for seed in args.seeds for t in args.tasks for name in args.learners]


def _key(row: dict) -> tuple[str, str, int, int]:
    return row["task"], row["learner"], row["seed"], row["online_steps"]


def _run(task: str, learner: str, seed: int, budget: dict[str, int]) -> dict:
    demonstrations = _demonstrations(task, seed)
    out = WORK / f"{task}-{learner}-{seed}.json"
    command = [sys.executable, "-m", "benchmarks.foreign.run", "--task", task, "--learner", learner]
    command += ["--seed", str(seed), "--demonstrations", str(demonstrations), "--out", str(out)]
    for name, value in budget.items():
        command += [f"--{name}", str(value)]
    print(" ".join(command[2:]), flush=True)
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
    digest = hashlib.sha256(demonstrations.read_bytes()).hexdigest()[:16]
    return {**json.loads(out.read_text()), "demonstrations_sha256": digest, **machine(ROOT)}


def _demonstrations(task: str, seed: int) -> Path:
    path = WORK / f"{task}-{seed}.npz"
    if not path.exists():
        save(path, demonstrate(FOREIGN_TASKS.load(task), DEMONSTRATIONS, seed))
    return path


def _write(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"runs": rows}, indent=1) + "\n")
    path.with_suffix(".md").write_text(table(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tasks", nargs="+", default=["pick_cube", "lift"], choices=list(FOREIGN_TASKS))
    parser.add_argument("--learners", nargs="+", default=list(LEARNERS), choices=list(LEARNERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--steps", type=int, default=FULL["steps"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
