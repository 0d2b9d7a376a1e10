"""When the learner learns; what and how is `ResidualConfig`."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.residual.config import ResidualConfig
from robot.core.errors import ConfigError


@dataclass(frozen=True)
class LearnerConfig:
    """Counts are online steps, critic updates or observations; ConfigError lists what is out of range."""

    residual: ResidualConfig = field(default_factory=ResidualConfig)
    warmup_steps: int = 300  # online steps of the base alone before the first update
    critic_only_updates: int = 500  # then the critic learns alone, on demonstrations and the base's own steps
    slack_updates: int = 100  # a lockstep actor waits when the learner is further behind
    publish_every: int = 100  # updates
    updates_per_tick: int = 8
    checkpoint_every: int = 2000  # updates
    capacity: int = 60_000  # observations

    def __post_init__(self) -> None:
        counts = {n: v for n, v in vars(self).items() if n not in ("residual", "critic_only_updates")}
        bad = [f"{n}: got {v}, want at least 1" for n, v in counts.items() if v < 1]
        if bad:
            raise ConfigError(bad, "learner")
