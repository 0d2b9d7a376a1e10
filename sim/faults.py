"""Which devices of the twin are unplugged now. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from robot.cell_config import Fault
from robot.core.types import DeviceHealth


class Faults:
    """Follows the episodes' time and tells when a device goes and when it is back."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._episode, self._start_ns = -1, 0
        self._unplugged: frozenset[str] = frozenset()

    def begin(self, stamp_ns: int) -> None:
        """A reset: the next episode's faults count from here."""
        self._episode, self._start_ns = self._episode + 1, stamp_ns

    @property
    def unplugged(self) -> frozenset[str]:
        """Devices that are gone."""
        return self._unplugged

    def advance(self, stamp_ns: int) -> list[DeviceHealth]:
        """What went or came back up to ``stamp_ns``."""
        now_s = (stamp_ns - self._start_ns) * 1e-9
        # A hair's breadth before the edge is on it: periods are not exact in floating point.
        gone = frozenset(
            f.device
            for f in self._faults
            if f.episode == self._episode and f.from_s - 1e-6 <= now_s < f.from_s + f.for_s - 1e-6
        )
        changed = [
            DeviceHealth(stamp_ns, d, False, f"{d}: unplugged in the twin (a configured fault)")
            for d in sorted(gone - self._unplugged)
        ]
        changed += [DeviceHealth(stamp_ns, d, True) for d in sorted(self._unplugged - gone)]
        self._unplugged = gone
        return changed
