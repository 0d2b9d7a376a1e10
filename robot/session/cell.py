"""What stands behind the graph: the twin's cell, or the arms, cameras and hand devices of a real rig."""

from __future__ import annotations

from typing import Any

from robot.arms import ARMS
from robot.core.errors import ConfigError
from robot.core.node import Node
from robot.core.registry import load
from robot.core.se3 import Matrix, from_quat_xyzw, transform
from robot.core.spec import ArmActionSpec
from robot.drivers import make_arm, make_camera, options_for
from robot.guarded_arm import GuardedArm
from robot.limits import SafetyLimits, within
from robot.rig import ArmRig, RigConfig
from robot.rig_control import RigControl
from robot.session.job import Job
from robot.session.rigs import is_twin, make_teleop
from robot.task import Task

_TWIN_GUARD_HZ = 100.0


def check_rig(rig: RigConfig, task: Task, host: str) -> None:
    """ConfigError lists every arm and camera the task needs and the rig lacks."""
    problems = [f"arms: the task {task.name} drives {a!r}, the rig has {sorted(rig.arms)}"
                for a in task.arms if a not in rig.arms]  # fmt: skip
    problems += [f"cameras: the task {task.name} looks through {c!r}, the rig has {sorted(rig.cameras)}"
                 for c in task.cameras if c not in rig.cameras]  # fmt: skip
    if host == "local" and not is_twin(rig):
        problems.append("the local host drives the twin only; want --host ros")
    if is_twin(rig) and rig.guard_hz != _TWIN_GUARD_HZ:
        problems.append(f"guard_hz: got {rig.guard_hz:g}, the twin moves on at {_TWIN_GUARD_HZ:g} Hz")
    if problems:
        raise ConfigError(problems, f"rig {rig.name}")


def twin_cell(job: Job) -> list[Node]:
    """Arms, cameras and judge of the twin, in one process: they share a world."""
    limits = {a: reference_limits(job.rig.arms[a], job.task) for a in job.task.arms}
    options, glimpses = twin_options(job.rig, job.task), job.config.reward.cameras
    return [load("sim.cell:TwinCell")(job.task, limits, job.cell, options, glimpses)]


def twin_options(rig: RigConfig, task: Task) -> dict[str, Any]:
    """Of the simulated arms' drivers."""
    return {a: options_for(ARMS, rig.arms[a].driver, rig.arms[a].options) for a in task.arms}


def real_cell(job: Job) -> list[Node]:
    """The arms, and the operator as their judge."""
    task, rig = job.task, job.rig
    control = RigControl([guarded_arm(a, rig, task) for a in task.arms])
    starts = {a: start_pose(rig.arms[a]) for a in task.arms}
    node = load("robot.nodes.arm:ArmNode")
    judge = load("robot.nodes.operator_judge:OperatorJudge")
    period_s, guard_s = task.control_period_s, 1.0 / rig.guard_hz
    return [node(control, starts, period_s, guard_s, rig.unattended), judge()]


def guarded_arm(name: str, rig: RigConfig, task: Task) -> GuardedArm:
    """One arm behind the safety layer, not yet connected, in the workspace its lab wrote down."""
    spec = next(a for a in task.action.arms if a.arm == name)
    return guard_arm(name, rig, spec, task.control_period_s)


def guard_arm(name: str, rig: RigConfig, spec: ArmActionSpec, control_period_s: float) -> GuardedArm:
    """An arm of the rig that reads its actions by ``spec``; its reference keeps off the workspace's walls."""
    arm = rig.arms[name]
    limits = within(arm.limits, arm.tracking_m, arm.limits.workspace_low_m, arm.limits.workspace_high_m)
    return GuardedArm(make_arm(name, arm), spec, limits, control_period_s, 1.0 / rig.guard_hz)


def reference_limits(arm: ArmRig, task: Task) -> SafetyLimits:
    """The twin's limits for a reference: in the box of the task too, whose parts stand where it says."""
    return within(arm.limits, arm.tracking_m, task.workspace.low_m, task.workspace.high_m)


def start_pose(arm: ArmRig) -> Matrix:
    """`T_base_tcp` of an episode's start."""
    return transform(from_quat_xyzw(arm.start_quat_xyzw), arm.start_position_m)


def camera(name: str, job: Job) -> list[Node]:
    """One camera's process."""
    rig, size = job.rig.cameras[name], job.task.image_size
    return [load("robot.nodes.camera:CameraNode")(name, make_camera(name, rig), rig, size, rig.min_fps)]


def hand_devices(job: Job) -> list[Node]:
    """The operator's devices; the rig without any learns without help."""
    node = load("teleop.teleop_node:TeleopNode")
    return [node(make_teleop(t), t) for t in job.rig.teleop if t.arm in job.task.arms]
