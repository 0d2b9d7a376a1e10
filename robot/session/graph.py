"""The composition root: builds the nodes of each process. Frameworks are imported where they are used."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from policies.base import BasePolicy, ChunkQueue, NoBase
from policies.encoders import ENCODERS
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.vetoes import Vetoes
from robot.core import topics
from robot.core.config import config_hash
from robot.core.node import Node
from robot.core.registry import load
from robot.core.spec import RigSpec
from robot.core.topics import Topic
from robot.session import cell
from robot.session.base_actions import read_base_actions
from robot.session.job import Job
from robot.session.monitor import MonitorNode
from robot.session.rewards import DENSE, make_judge, make_rewarder, plans_dir, with_value_range
from robot.session.rigs import is_twin
from robot.session.unattended import make_pilot

CONTROL = ("cell", "teleop", "recorder", "actor")
CAMERA = "camera-"  # and a camera's name: on a real cell each has a process of its own
# Lockstep loses a step's message only once, so nobody starts before these have both ends.
WAIT_FOR: tuple[Topic, ...] = (
    topics.PROPOSED,
    topics.COMMAND,
    topics.EXECUTED,
    topics.REWARD,
    topics.TELEOP,
    topics.TRUTH,
    topics.EPISODE_START,
    topics.EXPERIENCE,
    topics.ACTOR_STATUS,
)


def processes(job: Job) -> tuple[str, ...]:
    """Names of a stage's processes."""
    names = dict.fromkeys((*job.task.cameras, *job.config.reward.cameras))
    cameras = () if is_twin(job.rig) else tuple(CAMERA + name for name in names)
    return (*CONTROL, *cameras, "learner") if job.stage == "online" else (*CONTROL, *cameras)


def wait_for(job: Job) -> tuple[Topic, ...]:
    """Topics that need both ends before a process of this stage starts."""
    senses = [topics.arm_state(a) for a in job.task.arms] + [topics.camera_image(c) for c in job.task.cameras]
    # The learner takes longest to start; a stage that ended before it was there would have taught nothing.
    learner = (topics.LEARNER_STATUS,) if job.stage == "online" else ()
    # On a real cell nobody acts before stop keys and lost devices are heard; in the twin nobody sends them.
    events = () if is_twin(job.rig) else (topics.EVENT, topics.DEVICES)
    return (*WAIT_FOR, *senses, *learner, *events)


def _cell(job: Job) -> list[Node]:
    return cell.twin_cell(job) if is_twin(job.rig) else cell.real_cell(job)


def _teleop(job: Job) -> list[Node]:
    from teleop.nodes import ArbiterNode

    if not is_twin(job.rig):
        devices = [t.arm for t in job.rig.teleop if t.arm in job.task.arms]
        keys = load("robot.nodes.keys:KeyNode")(sys.stdin.fileno())
        return [*cell.hand_devices(job), keys, ArbiterNode(job.task, devices, lockstep=False)]
    return [*_simulated_operator(job), ArbiterNode(job.task, lockstep=not job.realtime)]


def _simulated_operator(job: Job) -> list[Node]:
    from teleop.intervention import ScriptedOperator
    from teleop.nodes import SimulatedTeleop

    engage = "always" if job.stage == "demos" else "when_needed"
    config = replace(job.config.operator, engage=engage)
    operators = [ScriptedOperator(arm, job.task, config) for arm in job.task.action.arms]
    return [SimulatedTeleop(*operators)]


def _recorder(job: Job) -> list[Node]:
    from policies.recorder import RecorderNode

    return [RecorderNode(job.store_root), MonitorNode(job.output_dir / "metrics.jsonl", job.stage)]


def _actor(job: Job) -> list[Node]:
    from policies.actor import ActorNode

    encoder = make_encoder(job)
    spec = make_spec(job, encoder)
    base = make_base(job, spec)
    correction = _correction(job, spec, encoder)
    threaded = job.config.host == "ros"
    ages = {} if is_twin(job.rig) else {c: job.rig.cameras[c].max_age_s for c in job.task.cameras}
    plan, config_hash = job.plan(), job.config_hash
    pilot = make_pilot(job)
    return [
        ActorNode(
            job.task,
            base,
            correction,
            encoder,
            plan,
            config_hash,
            threaded,
            ages,
            pilot,
            make_rewarder(job),
            make_judge(job, spec, encoder),
        )
    ]


def _learner(job: Job) -> list[Node]:
    from policies.learner import LearnerNode

    encoder = make_encoder(job)
    spec = make_spec(job, encoder)
    fingerprint = weights_fingerprint(job, spec, encoder)
    actions = read_base_actions(job.run_dir)
    config, reward = job.config, job.config.reward
    learner = replace(config.learner, residual=with_value_range(config.learner.residual, reward))
    vetoes = Vetoes(PlanStore(plans_dir(job.run_dir)))
    return [
        LearnerNode(
            spec,
            learner,
            job.store_root,
            job.run_dir,
            fingerprint,
            actions,
            config.seed,
            DENSE[reward.rule],
            vetoes,
        )
    ]


_BUILDERS: dict[str, Callable[[Job], list[Node]]] = {
    "cell": _cell,
    "teleop": _teleop,
    "recorder": _recorder,
    "actor": _actor,
    "learner": _learner,
}


def build(process: str, job: Job) -> list[Node]:
    """The nodes that run in the named process."""
    if process.startswith(CAMERA):
        return cell.camera(process.removeprefix(CAMERA), job)
    return _BUILDERS[process](job)


def make_encoder(job: Job) -> Any:
    """The frozen trunk, or None for a rig without cameras."""
    return ENCODERS.load(job.config.encoder)() if job.task.cameras else None


def make_spec(job: Job, encoder: Any) -> RigSpec:
    """What policy, weights and data agree on."""
    return job.task.rig_spec(encoder.shape if encoder else None)


def make_base(job: Job, spec: RigSpec) -> BasePolicy:
    """The frozen base as this stage uses it; demonstrations have none."""
    if job.stage == "demos" or not job.config.use_base:
        return NoBase(spec.action.size)
    policy = load("policies.bc.policy:DiffusionPolicy").load(job.base_dir, spec)
    return ChunkQueue(policy, job.config.bc.action_horizon)


def weights_fingerprint(job: Job, spec: RigSpec, encoder: Any) -> str:
    """What an actor demands of weights: same rig, same trunk, same base, same network."""
    base = (job.base_dir / "policy.json").read_text() if job.config.use_base else "none"
    trunk = encoder.fingerprint if encoder else "none"
    return spec.fingerprint(f"{trunk} {base} {config_hash(job.config.learner.residual)}")


def _correction(job: Job, spec: RigSpec, encoder: Any) -> Any:
    if job.stage not in ("online", "final_eval"):
        return None
    policy = load("policies.residual.policy:ResidualPolicy")
    correction = policy(spec, job.config.learner.residual, weights_fingerprint(job, spec, encoder))
    if job.stage == "final_eval":
        version = job.evaluation.version if job.evaluation else None
        weights = load("policies.weights_file:read_weights")(job.run_dir / "weights", version)
        correction.swap(correction.load(weights))
    return correction
