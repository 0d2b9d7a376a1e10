"""What a benchmark task looks like to a learner, wherever it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from robot.core.types import Array


@dataclass(frozen=True)
class Transition:
    """One control step. ``terminated`` is the task's end, ``truncated`` only the clock's."""

    state: Array  # [S]
    action: Array  # [A] in [-1, 1]
    next_state: Array  # [S] of this episode, also after its last step
    reward: float
    terminated: bool
    truncated: bool
    success: bool
    gripper_penalty: float = 0.0  # what the environment charges for this gripper command, at most 0

    @property
    def ends(self) -> bool:
        """Whether the next step belongs to another episode."""
        return self.terminated or self.truncated


class Environment(Protocol):
    """An environment of flat states and actions in [-1, 1]."""

    state_size: int
    action_size: int

    def reset(self, seed: int) -> Array:
        """Begin the episode that ``seed`` fixes; its first state [S]."""
        ...

    def step(self, action: Array) -> Transition:
        """Execute an action [A]."""
        ...

    def close(self) -> None:
        """Let go of the simulator."""
        ...
