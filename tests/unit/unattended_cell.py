"""One arm without a controller, and the supervisor over it. It does what it is told, unless it is held."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from robot.autonomy.arm_return import ArmReturn
from robot.autonomy.config import AutonomyConfig
from robot.autonomy.inputs import Inputs
from robot.autonomy.supervisor import Decision, Supervisor
from robot.core.se3 import exp_so3, transform
from robot.core.spec import ArmActionSpec
from robot.core.types import Action, RobotState, Source
from robot.task import StartRange
from tests.unit.safety_cases import DOWN, MIDDLE, arm

SPEC = ArmActionSpec("arm", ("x", "y", "z", "rz"), 0.008, 0.08, gripper=True)
STARTS = StartRange("arm", (0.04, 0.03, 0.01), yaw_rad=0.2, gripper=1.0)
RIG_START = transform(DOWN, [0.5, 0.0, 0.29])
PERIOD_NS = 100_000_000
PRESS = np.array([0, 0, 1, 0, 0], np.float32)  # tool z points to the table
REST = np.zeros(5, np.float32)


def supervisor(config: AutonomyConfig) -> Supervisor:
    return Supervisor([ArmReturn(SPEC, STARTS, RIG_START, config)], config)


class FakeCell:
    """Time goes on by one control step with each `step`."""

    def __init__(self, config: AutonomyConfig | None = None) -> None:
        self.config = config or AutonomyConfig()
        self.supervisor = supervisor(self.config)
        self.now_ns = 1_000_000_000
        self.T = transform(DOWN, MIDDLE)
        self.held = False  # the tool does not follow
        self.wrench = np.zeros(6, np.float32)
        self.width_m = 0.04
        self.values: list[np.ndarray] = []  # of autonomy's own motion
        self.advance(began=True)

    def state(self) -> RobotState:
        return arm(self.now_ns, self.T, wrench=self.wrench, gripper_width=self.width_m)

    def advance(self, value: np.ndarray = REST, source: Source = Source.POLICY, **what: object) -> Decision:
        executed = Action(self.now_ns, value, REST, REST, source, safety=0)
        inputs = Inputs(self.now_ns, {"arm": self.state()}, executed)
        return self.supervisor.advance(replace(inputs, **what))

    def step(self, value: np.ndarray = REST, source: Source = Source.POLICY, **what: object) -> Decision:
        """One control step: the arm executes, then the supervisor is told."""
        self.now_ns += PERIOD_NS
        if not self.held:
            translation, rotation = SPEC.delta(value)
            R = self.T[:3, :3]
            self.T = transform(R @ exp_so3(rotation), self.T[:3, 3] + R @ translation)
        return self.advance(value, source, **what)

    def follow(self, decision: Decision, steps: int) -> Decision:
        """Do what the supervisor says until it asks for an episode or says nothing, for at most as long."""
        for _ in range(steps):
            if decision.value is None:
                return decision
            self.values.append(decision.value)
            decision = self.step(decision.value, Source.RESET)
        return decision
