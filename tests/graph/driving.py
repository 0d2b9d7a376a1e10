"""A twin under the simulated operator's hands alone, without a graph, but behind the safety layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from robot.cell_config import TwinConfig
from robot.core.types import Array, EpisodeStart, RobotState, Source
from robot.guarded_arm import GuardedArm
from robot.limits import SafetyLimits
from robot.session.cell import reference_limits, twin_options
from robot.session.rigs import load_rig
from robot.task import Task
from sim.arm import TwinArm
from sim.scenes.scene import Scene
from sim.twin import Twin
from teleop.intervention import ScriptedOperator
from teleop.operator_config import OperatorConfig


def rig_limits(task: Task) -> dict[str, SafetyLimits]:
    """Of every arm of the task's twin, for a task."""
    rig = load_rig(task.rig)
    return {a: reference_limits(rig.arms[a], task) for a in task.arms}


def twin_limits(task: Task) -> SafetyLimits:
    """Of the task's first arm."""
    return rig_limits(task)[task.arms[0]]


class GuardedTwin:
    """A scene's twin, moved by the actions of a task, one control step at a time.

    ``spec``, ``arm``, ``step`` and ``state`` are the first arm's; ``drive`` moves all of them.
    """

    def __init__(
        self, scene: Scene, task: Task, config: TwinConfig | None = None, limits: SafetyLimits | None = None
    ) -> None:
        options = twin_options(load_rig(task.rig), task)
        gains = {name: o.gains for name, o in options.items()}
        self.twin, self.spec = Twin(scene, config, task.arms, gains), task.action.arms[0]
        keep = rig_limits(task) if limits is None else dict.fromkeys(task.arms, limits)
        self.arms = [
            GuardedArm(TwinArm(s.arm, world=self.twin), s, keep[s.arm], task.control_period_s, 0.01)
            for s in task.action.arms
        ]
        self.arm = self.arms[0]

    def reset(self, seed: int) -> None:
        self.twin.reset(seed)
        for arm in self.arms:
            arm.clear()  # as the cell does: a person put things right ...
            arm.restart()  # ... and moved the arm

    def step(self, axes: ArrayLike, gripper: float = 0.0) -> None:
        """One control step of the deflection ``axes`` [6] in [-1, 1], tool frame; other arms rest."""
        rest = [np.zeros(arm.spec.size, np.float32) for arm in self.arms[1:]]
        self.drive([self.spec.from_axes(axes, gripper), *rest])

    def drive(self, values: Sequence[Array]) -> None:
        """One control step of all arms, each by its own slice of the action."""
        for arm, value in zip(self.arms, values, strict=True):
            arm.command(self.twin.stamp_ns, value, Source.POLICY, engaged=False)
        for _ in range(10):
            now = self.twin.stamp_ns
            for arm in self.arms:
                arm.tick(now)

    def rest(self, steps: int) -> None:
        for _ in range(steps):
            self.step(np.zeros(6))

    def state(self) -> RobotState:
        return self.twin.state()


def steps_to_success(guarded: GuardedTwin, task: Task, seed: int) -> int | None:
    """Control steps the operator needs from the start that ``seed`` draws; None beyond the time limit."""
    twin = guarded.twin
    operators = [ScriptedOperator(s, task, OperatorConfig("always")) for s in task.action.arms]
    for operator in operators:
        operator.begin(EpisodeStart(0, 0, seed))
    guarded.reset(seed)
    for step in range(task.time_limit_steps):
        if twin.scene.success(twin.model, twin.data):
            return step
        truth, values = twin.truth(0), []
        for operator, spec in zip(operators, task.action.arms, strict=True):
            operator.see(truth)
            reading = operator.read(twin.stamp_ns)
            values.append(spec.from_axes(reading.axes, reading.gripper))
        guarded.drive(values)
    return None
