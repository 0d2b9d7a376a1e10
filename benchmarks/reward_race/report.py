"""The reward race as a table, with what it has to show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.learning_table.row import Row
from benchmarks.reward_race.arms import ARMS
from robot.session.statistics import Rate

_NOTES = """
One task, `lift_state`, learned from three demonstrations (`--preset rlpd`:
no base to start from); nobody helps. Every arm of a seed has the same demonstrations and starts. *sparse* is
success alone. *shaped* adds a potential along the plan, and lets the plan drive a part of some episodes
(`guidance: {share: 0.5}`); *unguided* is the potential alone. *kagi* pays KAGI's dense reward as we read it:
up to 0.5 at every step for being near the next waypoint, where a success pays 1 and ends the episode.
The model answers from the truth of the twin (*oracle*), with 8 px of noise in its pictures (*noisy*), with a
target in a far corner of the table (*decoy*), not at all (*dead*), or only its first 60 questions (*dying*).

- *steps to 90 %*: online steps until the policy alone solved 18 of 20 fresh starts, and again at the next
  look. *mean* is the success at all looks up to the end: the area under the curve, which every arm has.
- *against sparse*: sparse's mean steps to 90 % over this arm's, of the seeds that both have run; above 1
  this arm is faster. A session that did not get there counts with all its steps: the ratio is a bound then
  (*>*: sparse took longer still, *<*: this arm did), or neither (in brackets: either arm has such a session).
"""
_HEAD = (
    "| arm | seeds | final | 95 % | worst seed | steps to 90 % | mean | against sparse |",
    "|---|---|---|---|---|---|---|---|",
)


def report(rows: Sequence[Row], seeds: Sequence[int]) -> str:
    """The whole page."""
    by_arm = {name: [r for r in rows if r.arm == name and r.seed in seeds] for name in ARMS}
    lines = [_line(name, found, by_arm["sparse"], len(seeds)) for name, found in by_arm.items()]
    sessions = [_session(r) for r in sorted(rows, key=lambda r: (list(ARMS).index(r.arm), r.seed))]
    head = "| arm | seed | final | steps to 90 % | success of 20 at each look | commit |"
    parts = ["# Rewards side by side", _NOTES.strip(), "\n".join([*_HEAD, *lines]), "## Every session"]
    parts.append("\n".join([head, "|---|---|---|---|---|---|", *sessions]))
    parts.append("Machines: " + "; ".join(sorted({r.machine for r in rows})))
    return "\n\n".join(parts) + "\n"


def _line(name: str, rows: Sequence[Row], sparse: Sequence[Row], seeds: int) -> str:
    if not rows:
        return f"| {name} | not run | | | | | | |"
    final = Rate(sum(r.final.successes for r in rows), sum(r.final.n for r in rows))
    low, high = final.interval
    steps, reached = _steps(rows), sum(r.steps_to_90 is not None for r in rows)
    told = f"{steps:.0f}" if steps is not None else f"reached by {reached} of {len(rows)}"
    ratio = _against(rows, sparse)
    worst, area = min(r.final.value for r in rows), np.mean([_mean_success(r) for r in rows])
    return (
        f"| {name} | {len(rows)} of {seeds} | {final.value:.0%} | {low:.0%} to {high:.0%} "
        f"| {worst:.0%} | {told} | {area:.0%} | {ratio} |"
    )


def _against(rows: Sequence[Row], sparse: Sequence[Row]) -> str:
    both = {r.seed for r in rows} & {r.seed for r in sparse}
    mine, plain = ([r for r in arm if r.seed in both] for arm in (rows, sparse))
    late, plain_late = (any(r.steps_to_90 is None for r in arm) for arm in (mine, plain))
    if not both:
        return "-"
    ratio = f"{sum(map(_at_least, plain)) / sum(map(_at_least, mine)):.2f}"
    if late and plain_late:
        return f"({ratio})"
    return f"{'< ' if late else '> ' if plain_late else ''}{ratio}"


def _at_least(row: Row) -> int:
    """Its steps to 90 %, or all that it made where it did not get there."""
    return row.online_steps if row.steps_to_90 is None else row.steps_to_90


def _session(row: Row) -> str:
    looks = ", ".join(f"{m.success.successes}" for m in row.milestones)
    told = "not reached" if row.steps_to_90 is None else f"{row.steps_to_90}"
    return f"| {row.arm} | {row.seed} | {row.final.value:.0%} | {told} | {looks} | {row.commit} |"


def _steps(rows: Sequence[Row]) -> float | None:
    """Mean steps to 90 %, if every seed got there."""
    known = [r.steps_to_90 for r in rows if r.steps_to_90 is not None]
    return float(np.mean(known)) if rows and len(known) == len(rows) else None


def _mean_success(row: Row) -> float:
    return float(np.mean([*(m.success.value for m in row.milestones), row.final.value]))
