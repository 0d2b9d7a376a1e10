"""One guarded arm with a driver that follows at once, ticked on a clock of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from robot.core.spec import AXES, ArmActionSpec
from robot.core.types import Source
from robot.guarded_arm import GuardedArm
from robot.safety.reason import Reason
from tests.unit.fake_drivers import FakeFollower
from tests.unit.safety_cases import PERIOD_S, limits

SPEC = ArmActionSpec("arm", AXES, 0.01, 0.05, gripper=True)
CONTROL_S = 0.1
STEP = 10  # guard periods of a control step
FADING = 7  # guard periods an action comes to rest in
LIMITS = limits(stale_command_s=0.2)  # an action takes 0.17 s to fade


class ArmBench:
    """The arm, its driver, and how they are driven."""

    def __init__(self, **measured: Any) -> None:
        self.driver = FakeFollower()
        self.driver.now_ns, self.driver.measured = 1_000_000_000, measured
        self.arm = GuardedArm(self.driver, SPEC, LIMITS, CONTROL_S, PERIOD_S)

    def command(self, *value: float, source: Source = Source.POLICY, engaged: bool = False) -> None:
        """The leading values of an action; the rest of it is zero."""
        action = np.zeros(SPEC.size, np.float32)
        action[: len(value)] = value
        self.arm.command(self.driver.now_ns, action, source, engaged)

    def grip(self, way: float, **how: Any) -> None:
        """An action of the gripper alone."""
        self.command(0, 0, 0, 0, 0, 0, way, **how)

    def run(self, ticks: int, **how: Any) -> Reason:
        """Guard periods; all their reasons."""
        reasons = Reason(0)
        for _ in range(ticks):
            self.driver.now_ns += round(PERIOD_S * 1e9)
            reasons |= self.arm.tick(self.driver.now_ns, **how)
        return reasons

    @property
    def position(self) -> np.ndarray:
        """[3] m, of the reference."""
        return self.arm.reference.T_base_tcp[:3, 3]

    @property
    def width_m(self) -> float | None:
        """Of the gripper, in the last target."""
        return self.driver.sent[-1].gripper_width_m

    def jerks(self) -> np.ndarray:
        """[n] m/s3, of the positions that were sent, from rest before the first of them."""
        positions = [t.T_base_tcp[:3, 3] for t in self.driver.sent]
        return jerks([positions[0]] * 3 + positions)


def jerks(positions: ArrayLike) -> np.ndarray:
    """[n - 3] m/s3, third differences of positions [n, 3] one guard period apart."""
    return np.linalg.norm(np.diff(np.asarray(positions), n=3, axis=0), axis=1) / PERIOD_S**3
