"""Attempts that should not be cut short: the simulated operator's own, and lifts that are knocked down."""

from __future__ import annotations

from robot.core.types import Array, EpisodeStart, Observation
from robot.task import Task
from sim.twin import Twin
from teleop.intervention import ScriptedOperator
from teleop.operator_config import OperatorConfig

_KNOCK_M = 0.045  # height of the cube's middle at which it is knocked out of the gripper
_REST_M = 0.02


class OperatorPolicy:
    """A `BasePolicy` that does what the simulated operator would do: it sees the twin's truth."""

    def __init__(self, task: Task, twin: Twin) -> None:
        self._arm, self._twin = task.action.arms[0], twin
        self._operator = ScriptedOperator(self._arm, task, OperatorConfig("always"))

    def reset(self, seed: int) -> None:
        """A new attempt with hands of its own."""
        self._operator.begin(EpisodeStart(0, 0, seed))

    def drop(self) -> None:
        """It plans nothing."""

    def act(self, observation: Observation) -> Array:
        """The operator's deflection as an action [A]."""
        twin = self._twin
        self._operator.see(twin.truth(0))
        reading = self._operator.read(twin.stamp_ns)
        return self._arm.from_axes(reading.axes, reading.gripper)


class KnockedOperator(OperatorPolicy):
    """It lifts the cube, and every second time the cube is knocked out of the gripper on the way up."""

    def __init__(self, task: Task, twin: Twin) -> None:
        super().__init__(task, twin)
        self._due = False
        twin.on_tick = self._tick

    def reset(self, seed: int) -> None:
        """A new attempt; every even one will be knocked."""
        super().reset(seed)
        self._due = is_knocked(seed)

    def _tick(self) -> None:
        cube = self._twin.data.joint("cube")
        if self._due and cube.qpos[2] > _KNOCK_M:
            cube.qpos[:3] = cube.qpos[0] + 0.06, cube.qpos[1], _REST_M
            cube.qvel[:] = 0.0
            self._due = False


def is_knocked(seed: int) -> bool:
    """Whether the attempt of this seed loses its cube."""
    return seed % 2 == 0
