"""Puts the dense reward of a session together: cameras with their places, the model to ask, the rule."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from policies.labeller import Labeller
from policies.replay.look_ahead import DenseRule
from policies.residual.config import ResidualConfig
from policies.rewards.config import RewardConfig, Rule
from policies.rewards.keypoints.height_lines import HeightLines
from policies.rewards.keypoints.plan_store import PlanStore
from policies.senses import SuccessJudge
from robot.core.errors import ConfigError
from robot.core.registry import load
from robot.core.spec import RigSpec
from robot.rig import CameraMount
from robot.session.config import SessionConfig
from robot.session.job import Job
from robot.session.rigs import is_twin
from robot.task import Task

STAGES = ("demos", "online")  # that are learned from
_PATIENCE = 0.5  # of a control step: how long a look for the object may hold it up in a real cell
DENSE: Mapping[Rule, DenseRule] = {"sparse": "none", "shaped": "potential", "kagi": "reward"}


def plans_dir(run_dir: Path) -> Path:
    """Where a run keeps its keypoint plans and what people said against them."""
    return run_dir / "plans"


def desk_dir(run_dir: Path) -> Path:
    """Where a run lays the scene that a person is to click keypoints in."""
    return plans_dir(run_dir) / "asked"


def make_rewarder(job: Job) -> Labeller | None:
    """The dense reward of a stage that is learned from; None for the sparse rule."""
    config = job.config.reward
    if config.vlm is None or config.rule == "sparse" or job.stage not in STAGES:
        return None
    mounts = camera_mounts(job, config)
    by_sight = is_seen(job.task, config.rule)
    if by_sight:
        _require_fixed(job.task, mounts)
    # With the extra `rewards` only: a session without a dense reward needs none of it.
    cache = load("policies.rewards.vlm.cache:AnswerCache")(job.run_dir / "vlm_cache")
    client = load("policies.rewards.vlm.client:VlmClient")(config.vlm, cache)
    worker = load("policies.rewards.vlm.background:VlmWorker")(client)
    segmenter = load("policies.rewards.keypoints.masks:ColourSegmenter")()
    heights = HeightLines.at(config.heights_m, config.table_z_m)
    request = load("policies.rewards.planner:PlanRequest")(job.task, heights, segmenter)
    store = PlanStore(plans_dir(job.run_dir))
    desk = load("policies.rewards.operator_question:OperatorDesk")(desk_dir(job.run_dir))
    planner = load("policies.rewards.planner:Planner")(worker, store, request, time.time_ns, desk)
    views = load("policies.rewards.plan_views:PlanViews")(mounts)
    thing = load("policies.rewards.true_object:TrueObject")
    if by_sight:
        patience_s = _PATIENCE * job.task.control_period_s if job.realtime else None
        thing = load("policies.rewards.seen_object:SeenObjects")(lambda _: views.fixed_cameras(), patience_s)
    return load("policies.rewards.rewarder:Rewarder")(
        config, job.task.arms[0], views, planner, thing, not job.realtime, _guidance(job)
    )


def check_guidance(config: SessionConfig, task: Task) -> None:
    """ConfigError lists all that keeps a plan from driving in this session, if one is to."""
    if not config.reward.guidance.share:
        return
    residual, (arm, *others) = config.learner.residual, task.action.arms
    problems = [] if not others else [f"got a task of {1 + len(others)} arms, want one"]
    if not arm.gripper or not {"x", "y", "z"} <= set(arm.axes):
        problems.append(f"{task.name} moves {', '.join(arm.axes)}; want x, y, z and a gripper to grasp with")
    if residual.bc_weight and not residual.bc_filter:
        problems.append("bc_filter: got false, want true: a wrong plan would be imitated")
    if problems:
        raise ConfigError(problems, "guidance; set its share to 0 for none")


def _guidance(job: Job) -> Any:
    config, task = job.config, job.task
    if not config.reward.guidance.share or job.stage != "online":
        return None
    make = load("policies.rewards.guidance:Guidance")
    return make(config.reward.guidance, task.action.arms[0], task.time_limit_steps, config.seed)


def make_judge(job: Job, spec: RigSpec, encoder: Any) -> SuccessJudge | None:
    """The classifier that judges the online stage; None: the twin's truth, or the operator's key alone.

    Raises:
        ConfigError: it was asked for on a rig without cameras.
        NudgeError: it is not there, or was trained for another rig.
    """
    folder = job.config.reward.judge
    if folder is None or job.stage != "online":
        return None
    if encoder is None:
        raise ConfigError([f"judge: got {folder!r}, the task {job.task.name} has no cameras"], "reward")
    inputs = load("policies.rewards.classifier.inputs:inputs_of")(
        job.task.name, spec.observation, encoder.fingerprint
    )
    return load("policies.rewards.classifier.judge:SuccessClassifier").load(Path(folder), inputs)


def with_value_range(residual: ResidualConfig, reward: RewardConfig) -> ResidualConfig:
    """The critics' settings with the range that returns have under the session's reward."""
    if reward.rule == "shaped":
        return replace(residual, potential=reward.potential.weight)
    if reward.rule == "kagi":
        forever = reward.kagi_highest / (1.0 - min(residual.discount, 0.999))
        return replace(residual, value_max=max(residual.value_max, forever))
    return residual


def is_seen(task: Task, rule: Rule) -> bool:
    """Whether the object is followed by the cameras that do not move, as nobody tells where it is."""
    return rule == "shaped" and not task.privileged  # KAGI's rule looks at the tool alone


def camera_mounts(job: Job, config: RewardConfig) -> dict[str, CameraMount]:
    """Where the cameras of the reward are; ConfigError lists those that nobody has calibrated."""
    if is_twin(job.rig):
        known: Mapping[str, CameraMount | None] = load("sim.camera:camera_mounts")(job.task)
    else:
        known = {name: camera.mount for name, camera in job.rig.cameras.items()}
    want = "want one with a `mount` in the rig's file"
    bad = [f"{c}: {_lack(c, known)}, {want}" for c in config.cameras if known.get(c) is None]
    if bad:
        raise ConfigError(bad, "cameras of the reward")
    return {c: mount for c in config.cameras if (mount := known[c]) is not None}


def _require_fixed(task: Task, mounts: Mapping[str, CameraMount]) -> None:
    if not any(mount.on == "base" and c in task.cameras for c, mount in mounts.items()):
        got = ", ".join(f"{c} on {m.on}" for c, m in mounts.items())
        want = f"want one on base that {task.name} has ({', '.join(task.cameras) or 'none'})"
        raise ConfigError([f"got {got}; {want}"], "cameras to follow the object with")


def _lack(camera: str, known: Mapping[str, CameraMount | None]) -> str:
    return "has not been calibrated" if camera in known else f"no such camera among {', '.join(known)}"
