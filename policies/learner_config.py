"""When the learner learns; what and how is `ResidualConfig`."""

from __future__ import annotations

from dataclasses import dataclass, field

from policies.residual.config import ResidualConfig
from robot.core.errors import ConfigError


@dataclass(frozen=True)
class LearnerConfig:
    """Counts are online steps or critic updates; ConfigError lists what is out of range."""

    residual: ResidualConfig = field(default_factory=ResidualConfig)
    warmup_steps: int = 300  # online steps of the base alone before the first update
    critic_only_updates: int = 500  # then the critic learns alone, on demonstrations and the base's own steps
    slack_updates: int = 100  # a lockstep actor waits when the learner is further behind
    publish_every: int = 100  # updates
    updates_per_tick: int = 8
    checkpoint_every: int = 4000  # updates; the weights of then stay for `nudge eval --version`
    memory_gb: float = 2.0  # of replay; the oldest online steps go first, demonstrations stay

    def __post_init__(self) -> None:
        free = ("residual", "critic_only_updates", "memory_gb")
        counts = {n: v for n, v in vars(self).items() if n not in free}
        bad = [f"{n}: got {v}, want at least 1" for n, v in counts.items() if v < 1]
        if not self.memory_gb > 0:
            bad.append(f"memory_gb: got {self.memory_gb} GB, want more than 0")
        if bad:
            raise ConfigError(bad, "learner")
