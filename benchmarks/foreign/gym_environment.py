"""A gymnasium environment as flat float32 states and actions in [-1, 1]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.foreign.environment import Transition
from robot.core.errors import SpecMismatch
from robot.core.types import Array

Success = Callable[[Any, Mapping[str, Any]], bool]  # of the raw observation and the info


class GymEnvironment:
    """Adapts gymnasium's API; needs no import of gymnasium itself.

    A dict observation is concatenated in the order of its space. An action is mapped to the bounds of the
    action's Box. Success ends the episode; so does the time limit, which is a truncation.

    Args:
        env: has observation_space, action_space, reset, step and close as gymnasium defines them.
        success: whether the task is done, from what a step returned.
        time_limit: control steps; 0 leaves it to the environment.

    Raises:
        SpecMismatch: an observation or action that is no Box, or one without bounds.
    """

    def __init__(self, env: Any, success: Success, time_limit: int = 0) -> None:
        self._env, self._success, self._limit = env, success, time_limit
        self._keys = _box_keys(env.observation_space)
        self._low, self._high = _bounds(env.action_space)
        self.state_size = sum(_size(_at(env.observation_space, k)) for k in self._keys)
        self.action_size = len(self._low)
        self._state = np.zeros(self.state_size, np.float32)
        self._steps = 0

    def reset(self, seed: int) -> Array:
        """Begin the episode that ``seed`` fixes; its first state [S]."""
        # gym_hil and robosuite 1.5 place their objects by numpy's global generator, whatever they are told.
        np.random.seed(seed)
        raw, _ = self._env.reset(seed=seed)
        self._steps, self._state = 0, self._flatten(raw)
        return self._state

    def step(self, action: Array) -> Transition:
        """Execute an action [A]; what lies outside [-1, 1] is clipped."""
        action = np.clip(action, -1.0, 1.0).astype(np.float32)
        command = self._low + (action + 1.0) / 2.0 * (self._high - self._low)
        raw, reward, terminated, truncated, info = self._env.step(command.astype(np.float32))
        self._steps += 1
        success = bool(self._success(raw, info))
        before, self._state = self._state, self._flatten(raw)
        ended = bool(terminated) or success
        late = bool(truncated) or self._steps == self._limit
        return Transition(
            state=before,
            action=action,
            next_state=self._state,
            reward=float(reward),
            terminated=ended,
            truncated=late and not ended,
            success=success,
            gripper_penalty=float(info.get("discrete_penalty", 0.0)),
        )

    def close(self) -> None:
        """Let go of the simulator."""
        self._env.close()

    def _flatten(self, raw: Any) -> Array:
        parts = [np.asarray(_at(raw, key), np.float32).reshape(-1) for key in self._keys]
        return np.concatenate(parts)


def _box_keys(space: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    # The paths of the Boxes in a space; a bare Box has the empty path.
    children = getattr(space, "spaces", None)
    if isinstance(children, Mapping):
        return [path for name, child in children.items() for path in _box_keys(child, (*prefix, name))]
    if getattr(space, "shape", None) is None or not hasattr(space, "low"):
        name = "/".join(prefix) or "space"
        raise SpecMismatch(f"observation {name}: got {space}, want a Box or a Dict of them")
    return [prefix]


def _at(tree: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        tree = tree[name]
    return tree


def _size(box: Any) -> int:
    return int(np.prod(box.shape))


def _bounds(space: Any) -> tuple[np.ndarray, np.ndarray]:
    if not hasattr(space, "low") or not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
        raise SpecMismatch(f"action space: got {space}, want a Box with bounds")
    return np.asarray(space.low, np.float64).reshape(-1), np.asarray(space.high, np.float64).reshape(-1)
