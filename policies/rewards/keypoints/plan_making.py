"""From placed points to a checked plan: what all ways of making one share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from policies.rewards.keypoints.camera_model import PinholeCamera, calibration_id
from policies.rewards.keypoints.lift import LiftedPoint
from policies.rewards.keypoints.plan import GRASP, TARGET, KeypointPlan, Provenance
from policies.rewards.keypoints.plan_rules import PlanRules, require_valid
from robot.task import Task


@dataclass(frozen=True)
class PlanFacts:
    """What a plan says of the run it is for."""

    version: int
    arm: str
    task: str
    sentence: str
    image_shas: Mapping[str, str]
    created_ns: int
    rules: PlanRules

    @classmethod
    def of(cls, task: Task, version: int, image_shas: Mapping[str, str], created_ns: int) -> PlanFacts:
        """For a task's first arm, in its workspace."""
        return cls(
            version, task.arms[0], task.name, task.sentence, image_shas, created_ns, PlanRules(task.workspace)
        )


@dataclass(frozen=True)
class PlanSource:
    """Who made a plan, and how sure that is."""

    provenance: Provenance
    model: str
    confidence: float
    prompt_sha: str = ""
    parent_id: str = ""


def make_plan(
    lifted: Mapping[str, LiftedPoint],
    between: Sequence[str],
    cameras: Mapping[str, PinholeCamera],
    mask_points_px: Mapping[str, np.ndarray],
    facts: PlanFacts,
    source: PlanSource,
) -> KeypointPlan:
    """A plan from the lifted grasp, target and the points ``between`` them in order; PlanError says why not.

    Waypoints are grasp, those between, target; one that repeats the last, or the target, is left out.
    """
    points = {name: point.point_m for name, point in lifted.items()}
    path = _without_repeats([points[n] for n in (GRASP, *between, TARGET)], facts.rules.min_spacing_m)
    plan = KeypointPlan(
        version=facts.version,
        arm=facts.arm,
        task=facts.task,
        sentence=facts.sentence,
        keypoints=points,
        std_m={name: point.std_m for name, point in lifted.items()},
        waypoints_m=np.array(path),
        mask_points_px=mask_points_px,
        confidence=source.confidence,
        provenance=source.provenance,
        model=source.model,
        prompt_sha=source.prompt_sha,
        image_shas=facts.image_shas,
        calibration_id=calibration_id(cameras),
        created_ns=facts.created_ns,
        parent_id=source.parent_id,
    )
    return require_valid(plan, facts.rules)


def _without_repeats(path: list[np.ndarray], spacing_m: float) -> list[np.ndarray]:
    """A model names the tile it starts or ends in twice; grasp and target themselves always stay."""
    kept = [path[0]]
    for point in path[1:-1]:
        if min(np.linalg.norm(point - kept[-1]), np.linalg.norm(point - path[-1])) >= spacing_m:
            kept.append(point)
    return [*kept, path[-1]]
