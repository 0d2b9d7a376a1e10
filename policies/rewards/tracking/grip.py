"""Whether the gripper has closed on something, by its width alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GripConfig:
    """Metres; right for parallel grippers that report their width to a fraction of a millimetre."""

    still_m: float = 0.001  # a smaller change from step to step is standing still
    closed_by_m: float = 0.004  # it has come this far from its widest
    empty_m: float = 0.002  # closed on nothing


class Grip:
    """Fed the width at every step of an episode, it says whether the fingers stand still around something.

    Args:
        already: something is between the fingers at the start, and in their grip until they move.
        config: thresholds.
    """

    def __init__(self, already: bool, config: GripConfig | None = None) -> None:
        self._config, self._already = config or GripConfig(), already
        self._first: float | None = None
        self._widest = self._last = 0.0

    def closed(self, width_m: float) -> bool:
        """The next step's width, and whether it is closed on something now."""
        c = self._config
        if self._first is None:
            self._first = self._last = width_m
        change, self._last = abs(width_m - self._last), width_m
        self._widest = max(self._widest, width_m)
        self._already = self._already and abs(width_m - self._first) < c.closed_by_m
        narrowed = self._already or width_m < self._widest - c.closed_by_m
        return change < c.still_m and narrowed and width_m > c.empty_m
