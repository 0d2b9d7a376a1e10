"""The replay buffer's arrays: one row an observation, with what was done there; a ring once full."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from robot.core.errors import SpecMismatch, StoreError
from robot.core.spec import RigSpec
from robot.core.types import Array, Arrays

_MOST_ROWS = 1_000_000


def rows_within(memory_gb: float, spec: RigSpec) -> int:
    """How many observations fit into so many 1e9 bytes; a million at most, two at least."""
    values = spec.observation.state_size + 2 * spec.action.size + 2
    maps = sum(math.prod(s) for s in spec.observation.features.values())
    return min(max(int(memory_gb * 1e9 / (4 * values + spec.action.size + 2 * maps + 14)), 2), _MOST_ROWS)


class Rows:
    """N rows. A row's successor is the observation after it, unless the row is ``final``.

    The arrays are made at full size at once: pages nobody has written cost no memory, and nothing is ever
    copied to grow. Rows written with ``keep`` before any without stay; the others are a ring.
    """

    def __init__(self, spec: RigSpec, capacity: int) -> None:
        self._spec = spec.observation
        self._capacity = capacity
        self._base = 0  # rows below are kept for good
        self._written = 0  # rows written into the ring above them, ever
        actions, state = (capacity, spec.action.size), (capacity, spec.observation.state_size)
        features = spec.observation.features
        self.state: Array = np.empty(state, np.float32)
        self.features: Arrays = {k: np.empty((capacity, *s), np.float16) for k, s in features.items()}
        self.base_action: Array = np.empty(actions, np.float32)
        self.action: Array = np.empty(actions, np.float32)
        self.reward: Array = np.zeros(capacity, np.float32)
        self.discount: Array = np.zeros(capacity, np.float32)
        self.stop = np.zeros(capacity, bool)  # terminated or truncated there
        self.final = np.ones(capacity, bool)  # no next observation (yet)
        self.source = np.zeros(capacity, np.int8)
        self.dense: Array = np.zeros(capacity, np.float32)  # the dense reward's word on the observation ...
        self.plan = np.zeros(capacity, np.int32)  # ... and the plan it went by
        self.expert = np.zeros(capacity, bool)  # may be drawn for the expert half
        self.online = np.zeros(capacity, bool)  # may be drawn for the online half
        self.lesson = np.zeros(capacity, bool)  # may be imitated: a person's, or of a plan that worked
        self.taught = np.zeros(actions, bool)  # which of the action's values that is said of

    def write(self, state: Arrays, features: Arrays, keep: bool, **columns: np.ndarray) -> np.ndarray:
        """Store n rows in time order, the last one final; returns their numbers [n].

        Args:
            state: name -> [n, ...], flattened in the spec's order.
            features: camera -> [n, h, w, c].
            keep: never overwrite them (demonstrations that come before everything else).
            columns: base_action, action, taught [n, A]; reward, discount, stop, source, dense, plan [n].

        Raises SpecMismatch for arrays that do not fit and StoreError when kept rows leave no room.
        """
        flat = self._flatten(state)
        self._expect("features", features, self._spec.features)
        rows = self._take(len(flat), keep)
        self.state[rows] = flat
        for name, array in self.features.items():
            array[rows] = features[name]
        for name, values in columns.items():
            getattr(self, name)[rows] = values
        self.final[rows] = False
        self.final[rows[-1]] = True
        self.expert[rows] = self.online[rows] = self.lesson[rows] = False
        return rows

    def after(self, row: np.ndarray) -> np.ndarray:
        """The rows that follow; meaningless for a final one."""
        following = row + 1
        return np.where(following == self._capacity, self._base, following)

    def before(self, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rows that precede, and whether each is of the same episode and still held."""
        preceding = np.where(row == self._base, self._capacity - 1, row - 1)
        # The row before an episode's first is another's last. Once the ring has dropped it, the newest row
        # stands there, which is final too. The first of the kept rows has none.
        known = (row > 0) | (self._base == 0)
        return preceding, known & ~self.final[preceding]

    def _take(self, count: int, keep: bool) -> np.ndarray:
        room = self._capacity - self._base
        if count > room:
            raise StoreError(
                f"replay buffer of {self._capacity} observations: {self._base} are demonstrations that stay, "
                f"so {count} more do not fit; raise learner.memory_gb"
            )
        rows = self._base + (self._written + np.arange(count)) % room
        if keep and self._written == 0:
            self._base += count
        else:
            self._written += count
        return rows

    def _flatten(self, state: Arrays) -> Array:
        self._expect("state", state, self._spec.state)
        parts = [state[k].reshape(len(state[k]), -1) for k in self._spec.state]
        return np.concatenate(parts, axis=1)

    def _expect(self, part: str, arrays: Arrays, spec: Mapping[str, tuple[int, ...]]) -> None:
        got = {k: tuple(v.shape[1:]) for k, v in arrays.items()}
        wrong = [
            f"{k} got {got.get(k, 'nothing')}, want {tuple(s)}"
            for k, s in spec.items()
            if got.get(k) != tuple(s)
        ]
        if wrong:
            raise SpecMismatch(f"recorded {part} does not fit the replay buffer's spec: " + "; ".join(wrong))
