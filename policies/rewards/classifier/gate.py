"""What must hold besides the picture: the arm is where successes end, for several frames in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from policies.rewards.classifier.config import ClassifierConfig
from policies.rewards.classifier.inputs import Inputs
from policies.rewards.classifier.labels import LabelledEpisode
from robot.core.errors import NudgeError
from robot.core.types import Array

_FLOOR = 1e-3  # of each quantity's own unit: a joint that never moved has a reading that trembles


@dataclass(frozen=True)
class Box:
    """Bounds of each state dimension; infinite where it does not count."""

    low: Array  # [S]
    high: Array  # [S]

    def contains(self, state: np.ndarray) -> np.ndarray:
        """[...] bool of states [..., S]. A NaN is never inside, whichever dimension it is in."""
        inside = (state >= self.low) & (state <= self.high)
        return np.all(inside, axis=-1)


def learn_box(episodes: Sequence[LabelledEpisode], inputs: Inputs, config: ClassifierConfig) -> Box:
    """Around the final states of the successes, widened by ``box_margin`` of their spread.

    Spread is the greater of their range and one standard deviation over all frames: some ten successes do
    not show how far a dimension may go.

    Raises:
        NudgeError: there is no success.
    """
    ends = [e.state[-1] for e in episodes if e.success]
    if not ends:
        raise NudgeError("no success to learn the gate's box from; record some")
    low, high = np.min(ends, axis=0), np.max(ends, axis=0)
    deviation = np.concatenate([e.state for e in episodes]).std(axis=0)
    margin = config.box_margin * np.maximum(high - low, deviation) + _FLOOR
    counts = _counted(inputs.state, config.box_state)
    return Box(
        np.where(counts, low - margin, -np.inf).astype(np.float32),
        np.where(counts, high + margin, np.inf).astype(np.float32),
    )


def _counted(state: Mapping[str, tuple[int, ...]], names: Sequence[str]) -> np.ndarray:
    """[S] bool: dimensions of the vectors whose name without the arm is in ``names``."""
    flags = [np.full(int(np.prod(shape)), name.split("/")[-1] in names) for name, shape in state.items()]
    return np.concatenate(flags)


def first_held(passes: np.ndarray, held_steps: int) -> int | None:
    """The first frame of [n] bool that is the ``held_steps``-th in a row to pass; None if there is none."""
    if len(passes) < held_steps:
        return None
    held = np.lib.stride_tricks.sliding_window_view(passes, held_steps).all(axis=1)
    return int(held.argmax()) + held_steps - 1 if held.any() else None
