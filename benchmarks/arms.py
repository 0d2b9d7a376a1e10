"""The control arms, side by side: what does each part of Nudge earn?

Runs `nudge train` for every arm and seed (a finished run is not repeated) and tables base and final success
with 95 % intervals, and the online steps after which 90 % of twenty episodes in a row succeeded unaided.

The arms of a seed share its demonstrations, and those with a base its base and that base's evaluation.

    python benchmarks/arms.py --quick              one seed, few steps: does it run?
    python benchmarks/arms.py --seeds 0 1 2        the table in benchmarks/results/arms.md
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from policies.replay.episode_store import EpisodeStore

ARMS: dict[str, list[str]] = {
    "residual + interventions": [],
    "residual, no interventions": ["--no-interventions"],
    "RLPD + interventions": ["--preset", "rlpd"],
    "imitation alone": ["--preset", "bc"],
}
FIRST = next(iter(ARMS))
RESULTS = Path(__file__).parent / "results"
PACKAGES = ("mujoco", "torch", "jax", "flax", "zarr", "ros-jazzy-rclpy")


def main() -> None:
    """Run what is missing, then write the table."""
    args = _arguments()
    runs = {(arm, seed): _run(arm, seed, args) for arm in args.arms for seed in args.seeds}
    name = "arms_quick" if args.quick else "arms"
    RESULTS.mkdir(exist_ok=True)
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
    new = [{"arm": arm, **summary, "commit": commit} for (arm, _), summary in runs.items()]
    rows = _joined(RESULTS / f"{name}.json", new)
    result = {"machine": _machine(), "quick": args.quick, "runs": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    table = _table(result)
    (RESULTS / f"{name}.md").write_text(table)
    print(table)


def _run(arm: str, seed: int, args: argparse.Namespace) -> dict[str, Any]:
    folder = _folder(arm, seed, args)
    if not (folder / "summary.json").exists():
        command = [sys.executable, "-m", "robot.cli", "train", "--seed", str(seed), "--run", str(folder)]
        command += ARMS[arm] + (["--config", str(Path(__file__).parent / "quick.yaml")] if args.quick else [])
        if arm != FIRST:
            _share(_folder(FIRST, seed, args), folder, with_base="rlpd" not in ARMS[arm])
        print("running:", " ".join(command[2:]), flush=True)
        subprocess.run(command, check=True)
    return json.loads((folder / "summary.json").read_text())


def _joined(path: Path, new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Earlier rows with the new ones over them: arms and seeds may be run a few at a time."""
    old = json.loads(path.read_text())["runs"] if path.exists() else []
    rows = {(r["arm"], r["seed"]): r for r in [*old, *new]}
    return [rows[k] for k in sorted(rows, key=lambda k: (list(ARMS).index(k[0]), k[1]))]


def _folder(arm: str, seed: int, args: argparse.Namespace) -> Path:
    return args.runs / f"{arm.replace(' ', '_').replace(',', '').replace('+', 'and')}-{seed}"


def _share(source: Path, target: Path, with_base: bool) -> None:
    """Give a new run the demonstrations of another, and its base: equal ground, and minutes saved."""
    if target.exists() or not source.exists():
        return
    store = EpisodeStore(source / "episodes")
    for card in store.cards("demo"):
        path = store.layout.episode(card.header.episode_id)
        shutil.copytree(path, target / "episodes" / "episodes" / path.name)
    stages = ["demos", *(["bc", "base_eval"] if with_base else [])]
    if with_base:
        shutil.copytree(source / "base", target / "base")
        shutil.copytree(source / "eval" / "base_eval", target / "eval" / "base_eval")
    rows = (source / "metrics.jsonl").read_text().splitlines()
    kept = [r for r in rows if json.loads(r).get("stage") in stages or '"kind":"bc"' in r]
    (target / "metrics.jsonl").write_text("\n".join(kept) + "\n")


def _table(result: dict[str, Any]) -> str:
    machine = result["machine"]
    lines = [
        f"Task peg_insert, {machine['cpu_count']} cores, {machine['date']}"
        + (" (quick: too short to conclude anything)" if result["quick"] else ""),
        "",
        "| arm | seed | base | final | 95 % interval | online steps to 90 % | human steps | minutes "
        "| commit |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join(lines + [_row(r) for r in result["runs"]]) + f"\n\n{machine['versions']}\n"


def _row(r: dict[str, Any]) -> str:
    share = f"{r['interventions'] / r['online_steps']:.0%}" if r["online_steps"] else "-"
    final, interval = r["final_success"], r["interval"]
    if final is None:  # imitation alone: its base is what it ends with
        final, interval = r["base_success"], r["base_interval"]
    bounds = f"{interval[0]:.0%} to {interval[1]:.0%}"
    steps = r["online_steps_to_90"] or "not reached"
    return (
        f"| {r['arm']} | {r['seed']} | {_percent(r['base_success'])} | {_percent(final)} | {bounds} "
        f"| {steps} | {share} | {r['wall_time_s'] / 60:.1f} | {r['commit']} |"
    )


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _machine() -> dict[str, Any]:
    return {
        "cpu_count": os.cpu_count(),
        "platform": platform.platform(),
        "date": datetime.date.today().isoformat(),
        "versions": ", ".join(f"{p} {version(p)}" for p in PACKAGES),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="minutes instead of hours")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--runs", type=Path, default=Path("runs/arms"), help="where the runs are kept")
    args = parser.parse_args()
    if args.quick:
        args.seeds = args.seeds[:1]
    return args


if __name__ == "__main__":
    main()
