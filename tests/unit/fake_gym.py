"""A fake environment of gymnasium's API: a point on a line that is to be brought to its goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class FakeBox:
    """A Box's shape and bounds."""

    shape: tuple[int, ...]
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class FakeDict:
    """A Dict space."""

    spaces: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.spaces[name]


def fake_box(low: float, high: float, *shape: int) -> FakeBox:
    return FakeBox(shape, np.full(shape, low), np.full(shape, high))


class FakeGym:
    """Goal in [-0.5, 0.5] by numpy's global generator, whatever the seed says; metres, 0.2 a step at most.

    The command is in [0, 4]: 2 stays. ``lost`` outside [-1, 1] terminates without success.
    """

    action_space: Any = fake_box(0.0, 4.0, 1)
    observation_space: Any = FakeDict(
        {"inner": FakeDict({"goal": fake_box(-1, 1, 1, 1)}), "at": fake_box(-1, 1, 1)}
    )

    def __init__(self, own_limit: int = 0) -> None:
        self.own_limit, self.steps, self.commands = own_limit, 0, []
        self.at = self.goal = 0.0

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        self.at, self.goal, self.steps = 0.0, float(np.random.uniform(0.2, 0.5)), 0
        return self._seen(), {}

    def step(self, action: np.ndarray) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.commands.append(action)
        self.at += 0.1 * (float(action[0]) - 2.0)
        self.steps += 1
        near = abs(self.at - self.goal) < 0.05
        late = self.steps == self.own_limit
        return self._seen(), float(near), abs(self.at) > 1.0, late, {"near": near, "discrete_penalty": -0.1}

    def close(self) -> None:
        self.at = float("nan")

    def _seen(self) -> Any:
        return {"at": np.array([self.at]), "inner": {"goal": np.array([[self.goal]])}}
