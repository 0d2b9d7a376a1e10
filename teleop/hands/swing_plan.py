"""A swing as a person does it: never twice at the same pace, as hard, or at the same instant. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from robot.task import Stroke

_SHORTEST = 0.2  # of a stroke's time: nobody is quicker by more


@dataclass(frozen=True)
class SwingConfig:
    """How human it is. Tempo and strength: standard deviations, as shares of what the task writes down."""

    tempo: float = 0.09  # of the whole swing; each stroke has half of it to itself
    strength: float = 0.08
    most_wait_steps: int = 2  # before it begins
    patience_steps: int = 12  # in which nothing was turned over, before a supervisor does it


def swing_plan(
    strokes: tuple[Stroke, ...], period_s: float, config: SwingConfig, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Deflections [N, 6] in [-1, 1], one a control step.

    The hand moves in time of its own: a step gets the mean of what falls into it, and the swing begins
    anywhere in the first one.
    """
    tempo, strength = 1.0 + rng.normal(size=2) * (config.tempo, config.strength)
    begin = rng.uniform(0.0, period_s)
    parts = []
    for stroke in strokes:
        pace = max(_SHORTEST, tempo + 0.5 * config.tempo * rng.normal())
        parts.append((begin, begin + stroke.seconds * pace, strength * np.array(stroke.axes)))
        begin += stroke.seconds * pace
    edges = np.arange(np.ceil(begin / period_s - 1e-9)) * period_s
    plan = [sum((_share(a, b, t, period_s) * v for a, b, v in parts), np.zeros(6)) for t in edges]
    return np.clip(plan, -1.0, 1.0)


def _share(begin: float, end: float, step_s: float, period_s: float) -> float:
    """Of the control step from ``step_s`` that lies between ``begin`` and ``end``."""
    return max(0.0, min(end, step_s + period_s) - max(begin, step_s)) / period_s
