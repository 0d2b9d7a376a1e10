"""A twin under the simulated operator's hands alone, without a graph."""

from __future__ import annotations

from robot.core.types import EpisodeStart, Truth
from robot.task import Task
from sim.twin import Twin
from teleop.intervention import OperatorConfig, ScriptedOperator


def steps_to_success(twin: Twin, task: Task, seed: int) -> int | None:
    """Control steps the operator needs from the start that ``seed`` draws; None beyond the time limit."""
    arm = task.action.arms[0]
    operator = ScriptedOperator(arm, task.waypoints, OperatorConfig("always"))
    operator.begin(EpisodeStart(0, 0, seed))
    twin.reset(seed)
    for step in range(task.time_limit_steps):
        if twin.scene.success(twin.model, twin.data):
            return step
        operator.see(Truth(twin.stamp_ns, 0, twin.scene.poses(twin.model, twin.data)))
        reading = operator.read(twin.stamp_ns)
        twin.step(*arm.delta(arm.from_axes(reading.axes, reading.gripper)), reading.gripper)
    return None
