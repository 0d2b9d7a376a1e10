"""The update-to-data ratio as a set-point: how many updates are due."""

from __future__ import annotations

from dataclasses import dataclass

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class UpdateRatio:
    """Pure bookkeeping over two counters.

    Attributes:
        utd: learner updates per online step after the warm-up.
        warmup_steps: online steps before the first update; they are never paid back in a burst.
    """

    utd: float
    warmup_steps: int

    def __post_init__(self) -> None:
        limits = {"utd": self.utd > 0, "warmup_steps": self.warmup_steps >= 0}
        bad = [f"{name}: got {getattr(self, name)}, too small" for name, good in limits.items() if not good]
        if bad:
            raise ConfigError(bad, "update ratio")

    def updates_due(self, online_steps: int, updates_done: int) -> int:
        """Updates to do now to reach the set-point; 0 when on or ahead of it."""
        # The small term keeps 0.1 * 30 from being 2 for a rounding error.
        target = int(max(0, online_steps - self.warmup_steps) * self.utd + 1e-9)
        return max(0, target - updates_done)
