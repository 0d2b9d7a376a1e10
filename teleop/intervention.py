"""The simulated operator: demonstrates, supervises or watches, with the kind of hands a task asks for."""

from __future__ import annotations

import numpy as np

from robot.core.spec import ArmActionSpec
from robot.core.types import EpisodeStart, TeleopCommand, Truth
from robot.task import Task
from teleop.hands import HANDS
from teleop.hands.hand import Hand
from teleop.operator_config import OperatorConfig


class ScriptedOperator:
    """A `SimulatedOperator` of one arm: hands, and whether they are on it."""

    def __init__(self, arm: ArmActionSpec, task: Task, config: OperatorConfig) -> None:
        self._engage, self._arm = config.engage, arm.arm
        self._hand: Hand = HANDS.load(task.hand)(arm, task, config)
        self._truth: Truth | None = None
        self._allowed = False

    def begin(self, start: EpisodeStart) -> None:
        """A new episode; the hands are off unless demonstrating."""
        self._hand.begin(start.seed)
        self._allowed = start.teleop_allowed
        self._truth = None

    def see(self, truth: Truth) -> None:
        """Follow the scene."""
        self._truth = truth
        self._hand.see(truth)

    def read(self, stamp_ns: int) -> TeleopCommand:
        """The device's reading now: released, or what the hands do."""
        if self._truth is None or not self._wants_control(self._truth):
            return TeleopCommand(stamp_ns, self._arm, np.zeros(6, np.float32))
        axes, gripper = self._hand.deflection(self._truth)
        return TeleopCommand(stamp_ns, self._arm, axes, gripper, engaged=True)

    def close(self) -> None:
        """Nothing to give back."""

    def _wants_control(self, truth: Truth) -> bool:
        if not self._allowed or self._engage == "never":
            return False
        return self._engage == "always" or self._hand.needed(truth)
