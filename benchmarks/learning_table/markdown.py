"""The table for people: arms over their seeds, then every session; what is missing is a line too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.learning_table.aggregate import Summary, summarise
from benchmarks.learning_table.commits import is_stale
from benchmarks.learning_table.plan import ARMS, DEFAULT, GRIDS, IMITATION, Grid, built
from benchmarks.learning_table.results import newest
from benchmarks.learning_table.row import Row
from benchmarks.learning_table.targets import HEAD as TARGETS_HEAD
from benchmarks.learning_table.targets import verdict
from robot.session.statistics import Rate

_NOTES = """
All arms of a task and seed share demonstrations and base. Means are over seeds. How the default came about:
[learning_tried.md](learning_tried.md).

- *final*: without help, exploration or learning, on starts never trained on. The 95 % Wilson interval pools
  the seeds' episodes and leaves out how much seeds differ; *worst seed* shows that.
- *steps to 90 %*: online steps until the policy alone solved 18 of 20 fresh starts, and again at the next
  look; weights are looked at about every 500 online steps, a base at 0. In brackets minutes on the robot,
  resets not counted. A mean only if every seed got there.
- *hand-overs*: times a person took over online; in brackets the share of online steps that they drove.
- *cycle*: seconds of a successful final episode; in brackets as a share of the demonstrations'.
- *minutes*: wall time of the whole session, shared stages included, with another one beside it.
"""
_HEAD = (
    "| task | arm | seeds | base | final | 95 % | worst seed | steps to 90 % (min) | hand-overs (steps) "
    "| cycle s (ratio) | minutes |"
)
_SESSION_HEAD = (
    "| task | arm | seed | base | final | 95 % | online steps | to 90 % | hand-overs (steps) "
    "| cycle s (ratio) | minutes | commit | base of |"
)


def report(rows: Sequence[Row], seeds: Sequence[int]) -> str:
    """The whole page."""
    parts = ["# Arms side by side: success against steps on the robot", _NOTES.strip()]
    for grid in GRIDS:
        summaries = _summaries(grid, rows, seeds)
        parts += [f"## {grid.title}", _grid(grid, summaries, len(seeds)), *_targets(grid, summaries)]
    sessions = sorted(rows, key=lambda r: (r.host, r.task, list(ARMS).index(r.arm), r.seed, r.finished))
    parts.append("## Every session")
    parts.append("\n".join([_SESSION_HEAD, _rule(_SESSION_HEAD), *map(_session, sessions)]))
    parts.append("Machines: " + "; ".join(sorted({r.machine for r in rows})))
    return "\n\n".join(parts) + "\n"


def _summaries(grid: Grid, rows: Sequence[Row], seeds: Sequence[int]) -> dict[str, dict[str, Summary]]:
    """Task -> arm -> its newest rows together; arms that never ran are left out."""
    known = newest(rows)
    return {t: {a: summarise(found) for a in grid.arms
                if (found := [r for s in seeds if (r := known.get((a, t, s, grid.host)))])}
            for t in grid.tasks}  # fmt: skip


def _grid(grid: Grid, summaries: Mapping[str, Mapping[str, Summary]], seeds: int) -> str:
    lines = [_HEAD, _rule(_HEAD)]
    for task, arm in ((t, a) for t in grid.tasks for a in grid.arms):
        found = summaries[task].get(arm)
        state = "not run" if built(arm, task) else "not built"
        text = _summary(found, seeds) if found else f"| {state} |" + " |" * 8
        lines.append(f"| {task} | {ARMS[arm].label} {text}")
    return "\n".join(lines)


def _targets(grid: Grid, summaries: Mapping[str, Mapping[str, Summary]]) -> list[str]:
    lines = [v for t in grid.tasks if (v := verdict(t, summaries[t])) is not None]
    if not lines:
        return []
    title = f"What the default ({ARMS[DEFAULT].label}) has to reach:"
    return [title, "\n".join([TARGETS_HEAD, _rule(TARGETS_HEAD), *lines])]


def _summary(s: Summary, wanted: int) -> str:
    low, high = s.final.interval
    seeds = f"{len(s.seeds)}" if len(s.seeds) == wanted else f"{len(s.seeds)} of {wanted}"
    return (
        f"| {seeds} | {percent(s.base)} | {percent(s.final)} | {low:.0%} to {high:.0%} | {percent(s.worst)} "
        f"| {_to_90(s)} | {_help(s.handovers, s.human_share)} | {_cycle(s.cycle_time_s, s.cycle_ratio)} "
        f"| {s.wall_min:.0f} |"
    )


def _to_90(s: Summary) -> str:
    if s.human_share is None:
        return "-"
    if s.mean_steps_to_90 is None or s.minutes_to_90 is None:
        return f"reached by {s.reached} of {len(s.seeds)}"
    return f"{s.mean_steps_to_90:.0f} ({s.minutes_to_90:.1f})"


def _session(r: Row) -> str:
    low, high = r.final.interval
    share = r.human_steps / r.online_steps if r.online_steps else None
    to_90 = "-" if r.arm == IMITATION else r.steps_to_90 or "not reached"
    old = " (old)" if is_stale(r.commit) else ""
    return (
        f"| {r.task} | {ARMS[r.arm].label} | {r.seed} | {percent(r.base)} | {percent(r.final)} "
        f"| {low:.0%} to {high:.0%} | {r.online_steps} | {to_90} | {_help(r.handovers, share)} "
        f"| {_cycle(r.cycle_time_s, r.cycle_ratio)} | {r.wall_min:.0f} | {r.commit}{old} "
        f"| {r.base_commit} {r.base_id} |"
    )


def percent(rate: Rate | None) -> str:
    """Without decimals: a hundred episodes have none."""
    return "-" if rate is None or not rate.n else f"{rate.value:.0%}"


def _help(handovers: float, share: float | None) -> str:
    return "-" if share is None else f"{handovers:.0f} ({share:.0%})"


def _cycle(seconds: float | None, ratio: float | None) -> str:
    return "-" if seconds is None or ratio is None else f"{seconds:.2f} ({ratio:.2f})"


def _rule(head: str) -> str:
    return "|" + "---|" * (head.count("|") - 1)
