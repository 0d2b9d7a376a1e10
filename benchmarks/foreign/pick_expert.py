"""A scripted arm that picks an object up, stage by stage, and not too well: it is slow and it trembles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot.core.types import Array

OPEN, HOLD, CLOSE = -1.0, 0.0, 1.0
_TREMBLE = 0.2  # standard deviation on every motion axis, of the largest action
_SLOWEST = 0.5  # of the largest action; each episode draws its own speed between this and 1


@dataclass(frozen=True)
class Stage:
    """Go somewhere, then stay for some steps with the gripper told what to do."""

    position_m: tuple[float, float, float]  # from the object as it lay when the stage began, or in the base
    gripper: float  # OPEN, HOLD or CLOSE
    absolute: bool = False  # position_m is in the base frame
    stay_steps: int = 0  # after arrival


@dataclass(frozen=True)
class Layout:
    """Where the state and the action have what the script needs."""

    tcp: slice  # of the state: tool position [3], m
    thing: slice  # of the state: the object's position [3], m
    action_size: int
    step_m: float  # how far the tool goes in one step at 1.0
    tolerance_m: float = 0.01


class PickExpert:
    """Goes through its stages once.

    Args:
        layout: of the environment.
        stages: in order; the last is kept up until the episode ends.
        rng: of this episode's speed and tremble.
    """

    def __init__(self, layout: Layout, stages: tuple[Stage, ...], rng: np.random.Generator) -> None:
        self._layout, self._stages, self._rng = layout, stages, rng
        self._speed = rng.uniform(_SLOWEST, 1.0)
        self._index, self._stayed = 0, 0
        self._target: np.ndarray | None = None  # of the present stage, m

    def act(self, state: Array) -> Array:
        """The action [A]: x, y, z, noise on other motion axes, and the gripper last."""
        stage, size = self._stages[self._index], self._layout.action_size
        error = self._to_target(state, stage)
        motion = np.zeros(size - 1)
        motion[:3] = np.clip(error / self._layout.step_m, -self._speed, self._speed)
        motion += self._rng.normal(scale=_TREMBLE, size=size - 1)
        self._advance(error, stage)
        return np.append(np.clip(motion, -1.0, 1.0), stage.gripper).astype(np.float32)

    def _to_target(self, state: Array, stage: Stage) -> np.ndarray:
        if self._target is None:
            origin = np.zeros(3) if stage.absolute else state[self._layout.thing]
            self._target = origin + np.array(stage.position_m)
        return self._target - state[self._layout.tcp]

    def _advance(self, error: np.ndarray, stage: Stage) -> None:
        arrived = float(np.linalg.norm(error)) < self._layout.tolerance_m or self._stayed > 0
        if not arrived or self._index == len(self._stages) - 1:
            return
        self._stayed += 1
        if self._stayed > stage.stay_steps:
            self._index, self._stayed, self._target = self._index + 1, 0, None
