"""Where the default stands against what it has to reach, task by task; what falls short says so."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.learning_table.aggregate import Summary
from benchmarks.learning_table.plan import DEFAULT

PEER = "hilserl"
SUCCESS, STEPS_SHARE, CYCLE_RATIO = 0.99, 0.5, 0.7
HEAD = (
    f"| task | final >= {SUCCESS:.0%} | steps to 90 %, as a share of HIL-SERL's, <= {STEPS_SHARE} "
    f"| cycle <= {CYCLE_RATIO} |"
)


def verdict(task: str, arms: Mapping[str, Summary]) -> str | None:
    """A line of the table, or None before the default has run. ``arms``: name -> its summary on the task."""
    ours = arms.get(DEFAULT)
    if ours is None:
        return None
    ratio = ours.cycle_ratio
    success = _judged(ours.final.value >= SUCCESS, f"{ours.final.value:.1%}")
    cycle = "not measured" if ratio is None else _judged(ratio <= CYCLE_RATIO, f"{ratio:.2f}")
    return f"| {task} | {success} | {_steps(ours, arms.get(PEER))} | {cycle} |"


def _steps(ours: Summary, peer: Summary | None) -> str:
    if peer is None:
        return "not measured"
    if ours.mean_steps_to_90 is None:
        return _judged(False, f"90 % reached by {ours.reached} of {len(ours.seeds)} seeds")
    if peer.mean_steps_to_90 is None:
        return _judged(True, f"HIL-SERL got there with {peer.reached} of {len(peer.seeds)} seeds")
    share = ours.mean_steps_to_90 / peer.mean_steps_to_90
    return _judged(share <= STEPS_SHARE, f"{share:.2f}")


def _judged(good: bool, text: str) -> str:
    return f"{'met' if good else '**not met**'}: {text}"
