"""Practice without a person, in the twin: seeded jams, and who gets the arm out of them.

A policy that gets the peg stuck on purpose drives: it presses it down beside the socket, pushes it into a
socket that stands crooked and is rough, or leans and turns it half-way in. The product has to notice, to end
the attempt, to get free and to drive to the next drawn start. Compared with: pulling straight out only.
Then attempts that should be left alone: the simulated operator's insertions, and lifts of which every second
one loses its cube.

    python -m benchmarks.autonomy --quick     12 jams, a few minutes
    python -m benchmarks.autonomy             100 jams; writes results/autonomy.{json,md}
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import mujoco
import numpy as np

from benchmarks.learning_table.commits import head
from benchmarks.learning_table.machine import machine
from benchmarks.unattended.cell import StraightOut, practise
from benchmarks.unattended.jams import KINDS, draw_jam
from benchmarks.unattended.operator import KnockedOperator, OperatorPolicy, is_knocked
from benchmarks.unattended.watcher import Return
from policies.tasks import TASKS
from robot.autonomy.config import AutonomyConfig
from robot.session.statistics import wilson

RESULTS = Path(__file__).parent / "results"
PEG, LIFT = TASKS.load("peg_insert_state"), TASKS.load("lift_state")


@dataclass(frozen=True)
class Counts:
    """How many attempts of each."""

    jams: int
    straight: int
    insertions: int
    lifts: int


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    counts = Counts(12, 6, 6, 4) if quick else Counts(105, 45, 60, 30)
    runs = run(counts)
    text = report(runs)
    print(text)
    if not quick:
        result = {
            "machine": machine(), "date": date.today().isoformat(), "commit": head(),
            "mujoco": mujoco.__version__, "numpy": np.__version__, "config": asdict(AutonomyConfig()),
            "returns": {name: [asdict(r) for r in returns] for name, returns in runs.items()},
        }  # fmt: skip
        (RESULTS / "autonomy.json").write_text(json.dumps(result, indent=1) + "\n")
        (RESULTS / "autonomy.md").write_text(text)


def run(counts: Counts) -> dict[str, list[Return]]:
    """Every part, on seeds 0 to its count - 1; one attempt more begins, to see the last way back."""
    return {
        "jams": practise(PEG, counts.jams + 1),
        "straight": practise(PEG, counts.straight + 1, way_back=StraightOut),
        "insertions": practise(PEG, counts.insertions + 1, drive=OperatorPolicy),
        "lifts": practise(LIFT, counts.lifts + 1, drive=KnockedOperator),
    }


def report(runs: dict[str, list[Return]]) -> str:
    """The tables."""
    jams, straight = runs["jams"], runs["straight"]
    lines = [f"# Practice without a person ({date.today().isoformat()}, {machine()}, commit {head()})", ""]
    lines += [
        "Seeds from 0 in every row. Times are the cell's. A stuck attempt is one that was cut short, or"
    ]
    lines += [
        "whose way back was blocked, or that the safety layer stopped; `alone` means that the next attempt"
    ]
    lines += ["began without a person. A try ends when the tool is 20 mm away, after 4 s at most.", ""]
    names = ("jam", "attempts", "stuck", "alone", "95 % interval", "in one try", "s until free: mean, most",
             "s until the next attempt: mean, most", "most N on the way")  # fmt: skip
    lines += ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    lines += [row(kind, [r for r in jams if draw_jam(r.seed).kind == kind]) for kind in KINDS]
    lines += [row("all", jams), row("all, first seeds, pulled straight out only", straight), ""]
    lines += [f"- A person was called for: {reasons(jams)}"]
    lines += [f"- Pulled straight out, a person was called for: {reasons(straight)}", ""]
    return "\n".join(lines + alone(runs["insertions"]) + knocked(runs["lifts"])) + "\n"


def row(name: str, returns: Sequence[Return]) -> str:
    """One line of the table of jams."""
    stuck = [r for r in returns if r.trouble]
    good = [r for r in stuck if not r.attended]
    low, high = wilson(len(good), len(stuck))
    free, start = [r.free_s for r in good if r.tries], [r.start_s for r in good]
    cells = [
        name, len(returns), len(stuck), f"{len(good)} ({len(good) / max(1, len(stuck)):.0%})",
        f"{low:.0%} to {high:.0%}", sum(r.tries == 1 for r in good), spread(free), spread(start),
        f"{max((r.force_n for r in returns), default=0.0):.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(str(c) for c in cells) + " |"


def alone(returns: Sequence[Return]) -> list[str]:
    """What became of attempts that nobody should cut short."""
    n, succeeded = len(returns), sum(r.success for r in returns)
    cut = [r for r in returns if r.trouble and not r.success]
    back = [r for r in returns if r.attended]
    blocked = [r for r in returns if r.tries and r.success]
    return [
        f"The simulated operator's insertions, {n} of them: {succeeded} succeed,",
        f"{len(cut)} are called stuck; {len(blocked)} ways out of the socket needed a try to get free, and",
        f"{len(back)} a person. From one's end to the next start: {spread([r.start_s for r in returns])} s.",
        "",
    ]


def knocked(returns: Sequence[Return]) -> list[str]:
    """What became of lifts, every second of which loses its cube."""
    lost = [r for r in returns if is_knocked(r.seed)]
    kept = [r for r in returns if not is_knocked(r.seed)]
    seen, wrong = (sum(r.trouble == "dropped" for r in some) for some in (lost, kept))
    return [
        f"Lifts: {seen} of {len(lost)} cubes that were knocked out of the gripper are noticed,",
        f"{wrong} of {len(kept)} others are called dropped;",
        f"{sum(r.attended for r in returns)} of {len(returns)} ways back needed a person.",
    ]  # fmt: skip


def reasons(returns: Sequence[Return]) -> str:
    """What people were called for, counted."""
    why = [r.reason for r in returns if r.attended]
    return "; ".join(f"{w} ({why.count(w)})" for w in sorted(set(why))) or "nothing"


def spread(values: Sequence[float]) -> str:
    """Mean and largest."""
    return f"{np.mean(values):.1f}, {max(values):.1f}" if values else "-"


if __name__ == "__main__":
    main()
