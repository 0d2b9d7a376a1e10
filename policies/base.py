"""The frozen base policy as the actor sees it, and the queue that serves planned chunks action by action."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import Protocol

import numpy as np

from robot.core.errors import SpecMismatch
from robot.core.types import Array, Observation


class BasePolicy(Protocol):
    """Proposes one action a control step; the residual policy corrects it."""

    def reset(self, seed: int) -> None:
        """Begin an episode; the same seed and observations give the same actions to the bit."""
        ...

    def drop(self) -> None:
        """Forget what was planned: the arm is handed over, and the plan is for where it no longer is."""
        ...

    def act(self, observation: Observation) -> Array:
        """Action [A] in [-1, 1] for this control step."""
        ...


class ChunkPolicy(Protocol):
    """Plans several control steps from one observation; keeps nothing between calls."""

    fingerprint: str  # differs when the weights or their settings differ

    def plan(self, observation: Observation, seed: int) -> Array:
        """Actions [H, A] in [-1, 1] for the next H control steps."""
        ...


class ChunkQueue:
    """A BasePolicy that executes the first ``action_horizon`` steps of each chunk, then plans again.

    Receding-horizon execution (Chi et al. 2023, Diffusion Policy). Until `reset` the episode seed is 0.
    """

    def __init__(self, chunk_policy: ChunkPolicy, action_horizon: int) -> None:
        if action_horizon < 1:
            raise SpecMismatch(f"action_horizon is {action_horizon}; want at least 1 control step")
        self._policy = chunk_policy
        self._action_horizon = action_horizon
        self._queue: deque[Array] = deque()
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Begin an episode with an empty queue."""
        self._seed = seed
        self._plans_n = 0
        self.drop()

    def drop(self) -> None:
        """Empty the queue; the plan count stays, so the next chunk draws fresh noise."""
        self._queue.clear()

    def act(self, observation: Observation) -> Array:
        """Next action [A] of the queue; plans first when none is left."""
        if not self._queue:
            self._queue.extend(self._plan(observation))
        return self._queue.popleft()

    def _plan(self, observation: Observation) -> Array:
        chunk = self._policy.plan(observation, chunk_seed(self._seed, self._plans_n))
        self._plans_n += 1
        if chunk.ndim != 2 or len(chunk) < self._action_horizon:
            want = f"[at least {self._action_horizon}, A]"
            raise SpecMismatch(f"planned chunk has shape {chunk.shape}, want {want}; lower action_horizon")
        return chunk[: self._action_horizon]


class NoBase:
    """A BasePolicy that always holds: plain reinforcement learning without imitation."""

    def __init__(self, action_size: int) -> None:
        self._action_size = action_size

    def reset(self, seed: int) -> None:
        """Nothing to begin."""

    def drop(self) -> None:
        """Nothing to forget."""

    def act(self, observation: Observation) -> Array:
        """Zeros [A]: stay where you are."""
        return np.zeros(self._action_size, np.float32)


def chunk_seed(episode_seed: int, plan_index: int) -> int:
    """Seed in [0, 2^63) of one plan: hashed, so neighbouring episodes share no noise, on any machine."""
    digest = hashlib.sha256(f"{episode_seed}:{plan_index}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1
