"""How long control ticks and weight swaps take, as numbers and as a histogram."""

from __future__ import annotations

from collections import deque

import numpy as np

_KEPT = 20_000
EDGES_MS = np.concatenate([np.linspace(0, 1, 21), np.arange(2, 51)])


class TickTimes:
    """The newest durations, in milliseconds."""

    def __init__(self) -> None:
        self._ms: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        """One more duration."""
        self._ms.append(seconds * 1e3)

    def percentile(self, q: float) -> float:
        """0 while nothing was measured."""
        return float(np.percentile(self._ms, q)) if self._ms else 0.0

    def counts(self) -> list[int]:
        """Histogram over `EDGES_MS`; the last bin takes everything longer."""
        clipped = np.clip(list(self._ms), 0, EDGES_MS[-1] - 1e-9)
        return np.histogram(clipped, EDGES_MS)[0].tolist()

    def __len__(self) -> int:
        return len(self._ms)
