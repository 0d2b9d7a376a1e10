"""A dm_control environment behind the part of gymnasium's API that `GymEnvironment` reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Box:
    """The shape and bounds of one array."""

    shape: tuple[int, ...]
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Boxes:
    """Named boxes, in order."""

    spaces: dict[str, Box]

    def __getitem__(self, name: str) -> Box:
        return self.spaces[name]


class DmControlApi:
    """reset, step and the spaces; a last step whose discount is 1 is a time limit, any other an end."""

    def __init__(self, env: Any) -> None:
        self._env = env
        action = env.action_spec()
        self.action_space = Box(action.shape, *_filled(action.shape, action.minimum, action.maximum))
        self.observation_space = Boxes(
            {
                name: Box(spec.shape, *_filled(spec.shape, -np.inf, np.inf))
                for name, spec in env.observation_spec().items()
            }
        )

    def reset(self, seed: int) -> tuple[Mapping[str, np.ndarray], dict[str, Any]]:
        """The first observation of the episode that ``seed`` fixes."""
        # The suite's tasks keep their generator as an attribute and offer no call to seed it.
        self._env.task._random = np.random.RandomState(seed)
        return self._env.reset().observation, {}

    def step(self, action: np.ndarray) -> tuple[Mapping[str, np.ndarray], float, bool, bool, dict[str, Any]]:
        """Observation, reward, terminated, truncated, info."""
        timestep = self._env.step(action.reshape(self.action_space.shape))
        terminated = timestep.last() and timestep.discount == 0.0
        truncated = timestep.last() and not terminated
        return timestep.observation, float(timestep.reward), terminated, truncated, {}

    def close(self) -> None:
        """Let go of the simulator."""
        self._env.close()


def _filled(shape: tuple[int, ...], low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.broadcast_to(low, shape), np.broadcast_to(high, shape)
