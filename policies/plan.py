"""What an actor is to do before it stops, and where a restarted one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from robot.core.errors import ConfigError

Mode = Literal["demo", "train", "eval"]


@dataclass(frozen=True)
class EpisodePlan:
    """Episodes to run; the first budget that is used up ends the plan. Seeds count up from ``first_seed``."""

    mode: Mode
    first_episode_id: int
    first_seed: int
    episodes: int | None = None
    steps: int | None = None
    successes: int | None = None
    steps_before: int = 0  # online steps of the session before this process started
    teleop_allowed: bool = True
    operator: str = "simulated"  # who sits at the teleop device; goes into every header
    rig: str = "twin"  # whose limits and calibration the episodes were recorded under
    explore: bool = False
    throttled: bool = False  # wait between episodes until the learner has caught up

    def __post_init__(self) -> None:
        if self.episodes is None and self.steps is None and self.successes is None:
            raise ConfigError(["a plan needs a budget: episodes, steps or successes"], "episode plan")


@dataclass
class Progress:
    """What has been done of a plan."""

    attempts: int = 0  # episodes begun and ended, also those that a lost device cut off
    episodes: int = 0  # without the cut ones: those are run again, from the same start
    steps: int = 0
    successes: int = 0

    def finished(self, plan: EpisodePlan) -> bool:
        """Whether a budget is used up."""
        pairs = ((self.episodes, plan.episodes), (self.steps, plan.steps), (self.successes, plan.successes))
        return any(budget is not None and done >= budget for done, budget in pairs)
