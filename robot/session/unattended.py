"""Whether a task may be practised on a rig without a person, and what brings its arms back there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from policies.reset_pilot import ResetPilot
from robot.autonomy.arm_return import ArmReturn
from robot.autonomy.config import AutonomyConfig
from robot.autonomy.supervisor import Supervisor
from robot.core.errors import ConfigError
from robot.limits import within
from robot.rig import RigConfig
from robot.session.cell import start_pose
from robot.session.job import Job
from robot.session.rigs import is_twin
from robot.task import StartRange, Task


def check_unattended(rig: RigConfig, task: Task) -> None:
    """ConfigError lists all that keeps this task on this rig from going on without a person."""
    problems = []
    if not rig.unattended:
        problems.append(
            "unattended: the rig's arms start only at a person's word; "
            "set it to true once nobody can reach into the cell"
        )
    ranges = {s.arm: s for s in task.starts}
    problems += [f"starts: the task {task.name} has no range for {a!r}" for a in task.arms if a not in ranges]
    problems += [p for a in task.arms if a in ranges for p in _outside(rig, task, ranges[a])]
    if problems:
        raise ConfigError(problems, f"rig {rig.name}, unattended")


def make_pilot(job: Job) -> ResetPilot | None:
    """For the practice of an autonomous session; in the other stages a person begins every episode."""
    if not job.config.autonomous or job.stage != "online":
        return None
    return ResetPilot(Supervisor(arm_returns(job.rig, job.task), AutonomyConfig()), job.task.action.size)


def arm_returns(rig: RigConfig, task: Task) -> list[ArmReturn]:
    """What brings each of the task's arms back, in the action's order; the rig passed `check_unattended`."""
    ranges = {s.arm: s for s in task.starts}
    return [
        ArmReturn(a, ranges[a.arm], start_pose(rig.arms[a.arm]), AutonomyConfig()) for a in task.action.arms
    ]


def _outside(rig: RigConfig, task: Task, where: StartRange) -> Iterator[str]:
    arm = rig.arms[where.arm]
    low, high = arm.limits.workspace_low_m, arm.limits.workspace_high_m
    if is_twin(rig):
        low, high = task.workspace.low_m, task.workspace.high_m
    limits = within(arm.limits, arm.tracking_m, low, high)
    start, spread = np.array(arm.start_position_m), np.array(where.spread_m)
    if (start - spread < limits.workspace_low_m).any() or (start + spread > limits.workspace_high_m).any():
        yield (
            f"arms.{where.arm}.start_position_m: starts go {spread.tolist()} m either way of {start.tolist()}"
            f", beyond {limits.workspace_low_m} to {limits.workspace_high_m} m"
        )
