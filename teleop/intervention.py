"""When the simulated operator takes the arm and when it lets go: stuck or drifting, until it is fine."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from robot.core.errors import ConfigError
from robot.core.spec import ArmActionSpec
from robot.core.types import EpisodeStart, TeleopCommand, Truth
from robot.task import Waypoint
from teleop.scripted import HandConfig, ScriptedHand


@dataclass(frozen=True)
class OperatorConfig:
    """``always`` records demonstrations, ``when_needed`` supervises, ``never`` watches."""

    engage: Literal["always", "when_needed", "never"] = "when_needed"
    patience_steps: int = 8  # without progress before the operator reaches for the device
    progress_m: float = 0.002  # what counts as progress over that time
    drift_m: float = 0.012  # further from the goal than the best so far: drifting
    hold_steps: int = 4  # a correction lasts at least this long
    late_steps: int = 35  # from here on the operator finishes the job
    hand: HandConfig = field(default_factory=HandConfig)

    def __post_init__(self) -> None:
        problems = [
            f"{name}: got {getattr(self, name)}, want at least 1 step"
            for name in ("patience_steps", "hold_steps", "late_steps")
            if getattr(self, name) < 1
        ]
        if problems:
            raise ConfigError(problems, "operator")


class ScriptedOperator:
    """A `SimulatedOperator`: hands that follow the waypoints, and the judgement of when to use them."""

    def __init__(self, arm: ArmActionSpec, waypoints: tuple[Waypoint, ...], config: OperatorConfig) -> None:
        self._config, self._arm = config, arm.arm
        self._hand = ScriptedHand(arm, waypoints, config.hand)
        self._truth: Truth | None = None
        self._allowed = False
        self._reset()

    def begin(self, start: EpisodeStart) -> None:
        """A new episode; the hands are off unless demonstrating."""
        self._hand.begin(start.seed)
        self._allowed = start.teleop_allowed
        self._truth = None
        self._reset()

    def see(self, truth: Truth) -> None:
        """Follow the scene."""
        self._truth = truth
        self._hand.advance(truth)

    def read(self, stamp_ns: int) -> TeleopCommand:
        """The device's reading now: released, or a deflection toward the waypoint."""
        if self._truth is None or not self._wants_control(self._truth):
            return TeleopCommand(stamp_ns, self._arm, np.zeros(6, np.float32))
        axes, gripper = self._hand.deflection(self._truth)
        return TeleopCommand(stamp_ns, self._arm, axes, gripper, engaged=True)

    def close(self) -> None:
        """Nothing to give back."""

    def _reset(self) -> None:
        self._step, self._held, self._lowest = 0, 0, 0
        self._distances: deque[float] = deque(maxlen=self._config.patience_steps + 1)

    def _wants_control(self, truth: Truth) -> bool:
        self._step += 1
        if not self._allowed or self._config.engage == "never":
            return False
        if self._config.engage == "always":
            return True
        self._distances.append(self._remaining_m(truth))
        if self._held:
            self._lowest = min(self._lowest, self._hand.index)
            self._held = 0 if self._fine() else self._held + 1
        elif self._stuck() or self._drifting() or self._step > self._config.late_steps:
            self._held, self._lowest = 1, self._hand.index
        return self._held > 0

    def _remaining_m(self, truth: Truth) -> float:
        # Waypoints already passed count as done, so that moving on is progress.
        errors = self._hand.errors(truth)
        length = float(np.linalg.norm(errors.translation_m)) + 0.05 * abs(errors.yaw_rad)
        return length - 0.1 * self._hand.index

    def _stuck(self) -> bool:
        d = self._distances
        return len(d) == d.maxlen and d[0] - min(d) < self._config.progress_m

    def _drifting(self) -> bool:
        return bool(self._distances) and self._distances[-1] - min(self._distances) > self._config.drift_m

    def _fine(self) -> bool:
        # The arm has come past a waypoint under the operator's hand: from here the policy may try again.
        if self._held < self._config.hold_steps or self._step > self._config.late_steps:
            return False
        fine = self._hand.index > self._lowest
        if fine:
            self._distances.clear()
        return fine
