"""The simulated operator's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from robot.core.errors import ConfigError
from teleop.hands.swing_plan import SwingConfig
from teleop.scripted import HandConfig


@dataclass(frozen=True)
class OperatorConfig:
    """``always`` records demonstrations, ``when_needed`` supervises, ``never`` watches."""

    engage: Literal["always", "when_needed", "never"] = "when_needed"
    patience_steps: int = 12  # without progress before the operator reaches for the device
    progress_m: float = 0.002  # what counts as progress over that time
    drift_m: float = 0.012  # further from the goal than the best so far: drifting
    hold_steps: int = 4  # a correction lasts at least this long
    late_steps: int = 35  # from here on the operator finishes the job; of 60 steps, else in proportion
    hand: HandConfig = field(default_factory=HandConfig)
    swing: SwingConfig = field(default_factory=SwingConfig)

    def __post_init__(self) -> None:
        problems = [
            f"{name}: got {getattr(self, name)}, want at least 1 step"
            for name in ("patience_steps", "hold_steps", "late_steps")
            if getattr(self, name) < 1
        ]
        if problems:
            raise ConfigError(problems, "operator")
