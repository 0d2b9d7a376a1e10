"""What a session's policy could do alone on its way: every stored version of its weights on fresh starts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.replay.durable import write_file
from policies.weights_file import read_weights, stored_versions
from robot.core.config import from_dict, to_dict
from robot.session.evaluation import evaluate
from robot.session.headline import of_kind
from robot.session.metrics import Row as Metric
from robot.session.metrics import read_metrics
from robot.session.statistics import Rate

EPISODES = 20
_FILE = "milestones.json"


@dataclass(frozen=True)
class Milestone:
    """One version of the weights, evaluated without help, exploration or learning."""

    online_steps: int  # that it was learned from
    success: Rate
    cycle_time_s: float | None  # mean over successful episodes


@dataclass(frozen=True)
class _Milestones:
    milestones: tuple[Milestone, ...]


def evaluate_milestones(run_dir: Path) -> None:
    """Evaluate a finished session's versions but the newest, which its own last stage has evaluated.

    The same starts for every version and every arm of a task and seed. What was evaluated before is kept.
    """
    learner = of_kind(read_metrics(run_dir / "metrics.jsonl"), "learner")
    found = tuple(_milestone(run_dir, v, learner) for v in stored_versions(run_dir / "weights")[:-1])
    write_file(run_dir / _FILE, (json.dumps(to_dict(_Milestones(found))) + "\n").encode())


def has_milestones(run_dir: Path) -> bool:
    """Whether `evaluate_milestones` has come to its end."""
    return (run_dir / _FILE).exists()


def read_milestones(run_dir: Path) -> tuple[Milestone, ...]:
    """In the order of their steps."""
    path = run_dir / _FILE
    return from_dict(_Milestones, json.loads(path.read_text()), str(path)).milestones


def steps_until(milestones: Sequence[Milestone], threshold: float) -> int | None:
    """Online steps of the first one that reaches the threshold and whose successor does; None if none is.

    With 20 episodes a policy of 80 % would pass a single check one time in five.
    """
    good = [m.success.value >= threshold for m in milestones]
    held = [a and b for a, b in zip(good, [*good[1:], True], strict=False)]
    return milestones[held.index(True)].online_steps if any(held) else None


def _milestone(run_dir: Path, version: int, learner: Sequence[Metric]) -> Milestone:
    done = run_dir / "eval" / f"final-v{version}-0" / "result.json"
    if done.exists():
        result = json.loads(done.read_text())
    else:
        result = evaluate(run_dir, "final", EPISODES, version=version)
    step = read_weights(run_dir / "weights", version).learner_step
    online = next(int(r["online_steps"]) for r in learner if r["learner_step"] >= step)
    return Milestone(online, Rate(result["successes"], result["episodes"]), result["cycle_time_s"])
