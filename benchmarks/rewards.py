"""Which reward teaches a lift fastest without a person, and what a wrong or dead model costs.

Runs the sessions that benchmarks/results/rewards.json has no row for. Ctrl-C stops it; the same command goes
on where it stopped. The models are servers on loopback that know the twin's truth.

    python -m benchmarks.rewards --quick                         minutes: does it run?
    python -m benchmarks.rewards --arms sparse shaped-oracle     some arms
    python -m benchmarks.rewards                                 whatever is missing (hours)
    python -m benchmarks.rewards --table                         the table and the picture from the rows
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks.learning_table.results import add_row, read_rows
from benchmarks.reward_race.arms import ARMS
from benchmarks.reward_race.figure import write_figure
from benchmarks.reward_race.race_session import RaceSession
from benchmarks.reward_race.report import report
from robot.core.errors import NudgeError

SEEDS = (0, 1, 2)
# A look every 250 online steps, and the average that the default had when the race was run.
LEARNER = {"checkpoint_every": 2000, "residual": {"actor_average": 4000}}
FULL: dict[str, object] = {"demos": 3, "online_steps": 3000, "learner": LEARNER}
QUICK: dict[str, object] = {**FULL, "online_steps": 450, "eval_episodes": 4}
HERE = Path(__file__).parent


def main() -> int:
    """Exit 0 when every session asked for has its row."""
    args = _arguments()
    results = args.runs / "rewards.json" if args.quick else HERE / "results" / "rewards.json"
    failed = 0 if args.table else _run(args, results)
    rows = read_rows(results)
    if rows:
        text = report(rows, args.seeds)
        results.with_suffix(".md").write_text(text)
        write_figure(rows, results.with_suffix(".png"))
        print(text)
    return 1 if failed else 0


def _run(args: argparse.Namespace, results: Path) -> int:
    args.runs.mkdir(parents=True, exist_ok=True)
    known = {(r.arm, r.seed) for r in read_rows(results)}
    settings = QUICK if args.quick else FULL
    wanted = [(a, s) for s in args.seeds for a in args.arms if (a, s) not in known]
    todo = [RaceSession(ARMS[a], s, args.runs.resolve(), settings) for a, s in wanted]
    console, failed = Console(stderr=True), 0
    with ThreadPoolExecutor(args.jobs) as pool, Progress(console=console) as bar:
        job = bar.add_task("sessions", total=len(todo))
        for done in as_completed([pool.submit(session.run) for session in todo]):
            try:
                add_row(results, done.result())
            except NudgeError as error:
                console.print(f"error: {error}")
                failed += 1
            bar.advance(job)
    return failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.rewards",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="tiny sessions, one seed, rows beside the runs")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--jobs", type=int, default=2, help="sessions side by side")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--runs", type=Path, help="run folders (default: runs/rewards)")
    args = parser.parse_args()
    args.runs = args.runs or Path("runs/rewards_quick" if args.quick else "runs/rewards")
    args.seeds = args.seeds[:1] if args.quick else args.seeds
    return args


if __name__ == "__main__":
    sys.exit(main())
