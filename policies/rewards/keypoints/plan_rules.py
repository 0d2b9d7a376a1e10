"""What a plan must be to reward a cell's steps: reachable, in order, its waypoints apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan, PlanError
from robot.task import Box


@dataclass(frozen=True)
class PlanRules:
    """``workspace`` is the task's box for the tool; ``slack_m`` beyond it, as things lie on the table."""

    workspace: Box
    slack_m: float = 0.02
    min_spacing_m: float = 0.005
    max_std_m: float = 0.05  # of grasp and target: beyond, they are a guess


def require_valid(plan: KeypointPlan, rules: PlanRules) -> KeypointPlan:
    """The plan itself; PlanError with all that is wrong with it."""
    problems = [*_outside(plan, rules), *_too_close(plan, rules), *_order(plan), *_unsure(plan, rules)]
    if problems:
        raise PlanError(problems)
    return plan


def _outside(plan: KeypointPlan, rules: PlanRules) -> Iterator[str]:
    low = np.array(rules.workspace.low_m) - rules.slack_m
    high = np.array(rules.workspace.high_m) + rules.slack_m
    points = {f"waypoint {i}": p for i, p in enumerate(plan.waypoints_m)}
    for name in (GRASP, TARGET):
        if not (plan.waypoints_m == plan.keypoints[name]).all(axis=1).any():  # else it is named already
            points[f"keypoint {name!r}"] = plan.keypoints[name]
    for name, point in points.items():
        if not ((point >= low) & (point <= high)).all():
            yield (
                f"{name} at {_short(point)} m is outside the workspace {_short(rules.workspace.low_m)} to "
                f"{_short(rules.workspace.high_m)} m (slack {rules.slack_m:g})"
            )


def _too_close(plan: KeypointPlan, rules: PlanRules) -> Iterator[str]:
    for i, (a, b) in enumerate(pairwise(plan.waypoints_m)):
        apart = float(np.linalg.norm(b - a))
        if apart < rules.min_spacing_m:
            yield (
                f"waypoints {i} and {i + 1} are {1000 * apart:.1f} mm apart; want at least "
                f"{1000 * rules.min_spacing_m:g}"
            )


def _order(plan: KeypointPlan) -> Iterator[str]:
    first, last = plan.waypoints_m[0], plan.waypoints_m[-1]
    for name, near, far, which in ((GRASP, first, last, "first"), (TARGET, last, first, "last")):
        goal = plan.keypoints[name]
        if np.linalg.norm(far - goal) < np.linalg.norm(near - goal):
            yield f"the {which} waypoint is further from the {name} than the other end: they run backwards"


def _unsure(plan: KeypointPlan, rules: PlanRules) -> Iterator[str]:
    for name in (GRASP, TARGET):
        if plan.std_m[name] > rules.max_std_m:
            yield (
                f"keypoint {name!r} is known to {1000 * plan.std_m[name]:.0f} mm; want "
                f"{1000 * rules.max_std_m:g} or better: add a view, or finer height lines"
            )


def _short(point: np.ndarray | tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{float(x):.3f}" for x in point) + ")"
