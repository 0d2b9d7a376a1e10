"""A twin under the simulated operator's hands alone, without a graph, but behind the safety layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from robot.cell_config import TwinConfig
from robot.core.types import EpisodeStart, RobotState, Source, Truth
from robot.guarded_arm import GuardedArm
from robot.limits import SafetyLimits
from robot.session.cell import reference_limits
from robot.session.rigs import load_rig
from robot.task import Task
from sim.arm import TwinArm
from sim.scenes.scene import Scene
from sim.twin import Twin
from teleop.intervention import ScriptedOperator
from teleop.operator_config import OperatorConfig


def twin_limits(task: Task) -> SafetyLimits:
    """The twin rig's, for a task."""
    return reference_limits(load_rig("twin").arms["arm"], task)


class GuardedTwin:
    """A scene's twin, moved by the actions of a task, one control step at a time."""

    def __init__(
        self, scene: Scene, task: Task, config: TwinConfig | None = None, limits: SafetyLimits | None = None
    ) -> None:
        self.twin, self.spec = Twin(scene, config), task.action.arms[0]
        limits = limits or twin_limits(task)
        driver = TwinArm(self.spec.arm, world=self.twin)
        self.arm = GuardedArm(driver, self.spec, limits, task.control_period_s, 0.01)

    def reset(self, seed: int) -> None:
        self.twin.reset(seed)
        self.arm.begin()

    def step(self, axes: ArrayLike, gripper: float = 0.0) -> None:
        """One control step of the deflection ``axes`` [6] in [-1, 1], tool frame."""
        value = self.spec.from_axes(axes, gripper)
        self.arm.command(self.twin.stamp_ns, value, Source.POLICY, engaged=False)
        for _ in range(10):
            self.arm.tick(self.twin.stamp_ns)

    def rest(self, steps: int) -> None:
        for _ in range(steps):
            self.step(np.zeros(6))

    def state(self) -> RobotState:
        return self.twin.state()


def steps_to_success(guarded: GuardedTwin, task: Task, seed: int) -> int | None:
    """Control steps the operator needs from the start that ``seed`` draws; None beyond the time limit."""
    twin = guarded.twin
    operator = ScriptedOperator(guarded.spec, task, OperatorConfig("always"))
    operator.begin(EpisodeStart(0, 0, seed))
    guarded.reset(seed)
    for step in range(task.time_limit_steps):
        if twin.scene.success(twin.model, twin.data):
            return step
        operator.see(Truth(twin.stamp_ns, 0, twin.scene.poses(twin.model, twin.data)))
        reading = operator.read(twin.stamp_ns)
        guarded.step(reading.axes, reading.gripper)
    return None
