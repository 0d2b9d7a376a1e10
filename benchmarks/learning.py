"""The table by which to choose: success against steps on the robot, for every arm, task and seed.

Runs the sessions that benchmarks/results/learning.json has no row for, two side by side, and writes each row
as soon as its session ends. Ctrl-C stops it; the same command goes on. Run folders may be deleted, rows stay.

    python -m benchmarks.learning --quick                             minutes: does it run?
    python -m benchmarks.learning --tasks peg_insert_state --seeds 0  one task's first rows
    python -m benchmarks.learning                                     whatever is missing (days)
    python -m benchmarks.learning --table                             table and figure from the rows
    python -m benchmarks.learning --stale                             rows that today's code did not make
    python -m benchmarks.learning --since 1a2b3c4 --arms residual     rows of older commits do not count
"""

from __future__ import annotations

import argparse
import fcntl
import os
import signal
import sys
from pathlib import Path

from benchmarks.learning_table import commits
from benchmarks.learning_table.figure import write_figure
from benchmarks.learning_table.markdown import report
from benchmarks.learning_table.plan import ARMS, GRIDS, built, cells
from benchmarks.learning_table.pool import Pool
from benchmarks.learning_table.results import add_row, read_rows
from benchmarks.learning_table.row import Row
from benchmarks.learning_table.session_run import SessionRun
from benchmarks.learning_table.todo import sessions, without_row
from benchmarks.learning_table.view import View
from robot.core.errors import NudgeError

SEEDS = (0, 1, 2)
HERE = Path(__file__).parent
TASKS = tuple(t for g in GRIDS for t in g.tasks)


def main() -> int:
    """Exit 0 when every session asked for that can be run has its row."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system's stop is Ctrl-C too
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without it
    args = _arguments()
    results = args.runs / "learning.json" if args.quick else HERE / "results" / "learning.json"
    try:
        return _obey(args, results)
    except NudgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the same command goes on", file=sys.stderr)
        return 130


def _obey(args: argparse.Namespace, results: Path) -> int:
    if args.stale:
        return _list_stale(read_rows(results))
    failed = 0 if args.table else _run(args, results)
    _write_table(read_rows(results), results)
    return 1 if failed else 0


def _run(args: argparse.Namespace, results: Path) -> int:
    args.runs.mkdir(parents=True, exist_ok=True)
    with (args.runs / "lock").open("w") as lock:
        _take(lock.fileno(), args.runs)
        todo = _todo(args, read_rows(results))
        pool = Pool(todo, args.jobs, commits.head(), lambda run: add_row(results, run.row()))
        with View() as view:
            pool.run(view)
    return len(pool.failed)


def _take(handle: int, runs: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise NudgeError(f"another benchmark runs in {runs}; wait for it, or choose other --runs") from error


def _todo(args: argparse.Namespace, rows: list[Row]) -> list[SessionRun]:
    wanted = [c for g in GRIDS for c in cells(g, args.arms, args.tasks, args.seeds)]
    settings = HERE / "quick.yaml" if args.quick else None
    return sessions(without_row(wanted, rows, args.since), args.runs, settings, args.since)


def _write_table(rows: list[Row], results: Path) -> None:
    for grid in GRIDS:
        for task in grid.tasks:
            absent = [a for a in grid.arms if not built(a, task)]
            if absent:
                print(f"not built: {task}: {', '.join(absent)}", file=sys.stderr)
    if rows:
        text = report(rows, SEEDS)
        results.with_suffix(".md").write_text(text)
        write_figure(rows, results.with_suffix(".png"))
        print(text)


def _list_stale(rows: list[Row]) -> int:
    for row in rows:
        if commits.is_stale(row.commit) or commits.is_stale(row.base_commit):
            print(f"{row.task} {row.arm} seed {row.seed} {row.host}: {row.commit}, base {row.base_commit}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny sessions, one seed, results beside the runs"
    )
    parser.add_argument(
        "--tasks", nargs="+", choices=TASKS, default=TASKS, metavar="TASK", help=", ".join(TASKS)
    )
    parser.add_argument(
        "--arms", nargs="+", choices=list(ARMS), default=list(ARMS), metavar="ARM", help=", ".join(ARMS)
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="sessions side by side")
    parser.add_argument("--since", metavar="COMMIT", help="run again what has only rows of older commits")
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--stale", action="store_true", help="list rows that today's code did not make")
    parser.add_argument("--runs", type=Path, help="run folders (default: runs/learning)")
    args = parser.parse_args()
    args.runs = args.runs or Path("runs/learning_quick" if args.quick else "runs/learning")
    args.seeds = args.seeds[:1] if args.quick else args.seeds
    return args


if __name__ == "__main__":
    sys.exit(main())
