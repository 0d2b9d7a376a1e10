"""One topic that an arm's state is made of: its newest message as numbers, and how old it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from robot.core.errors import DeviceError
from robot.ros.convert import from_time

log = logging.getLogger(__name__)
T = TypeVar("T")

_FUTURE_S = 0.005  # a clock kept by NTP may be ahead by so much


@dataclass(frozen=True)
class Sample(Generic[T]):
    """What one message said. `arrived_s` is monotonic time, `stamp_ns` Unix time of the measurement."""

    value: T
    stamp_ns: int
    arrived_s: float


class Feed(Generic[T]):
    """Keeps the newest message of ``topic`` that ``read`` accepts.

    ``read(message, stamp_ns)`` raises DeviceError for a message that cannot be used; that one is left out,
    and the reason kept in `problem`. The time of measurement is the header's if the first message's is at
    most ``sane_s`` old by our clock, else the time of arrival: decided once and logged, for a publisher whose
    clock is off is off for every message, and a late message must not be taken for a new one.
    """

    def __init__(
        self, topic: str, ros_type: type, read: Callable[[Any, int], T], sane_s: float, latched: bool = False
    ) -> None:
        self.topic, self.ros_type, self.latched = topic, ros_type, latched
        self.newest: Sample[T] | None = None
        self.problem = ""
        self._read, self._sane_s = read, sane_s
        self._header_is_sane: bool | None = None

    def receive(self, message: Any) -> None:
        """Called by the executor's thread for every message."""
        arrived_s, arrived_ns = time.monotonic(), time.time_ns()
        stamp_ns = self._stamp(message, arrived_ns)
        try:
            self.newest = Sample(self._read(message, stamp_ns), stamp_ns, arrived_s)
        except DeviceError as error:
            self.problem = str(error)

    def age_s(self) -> float:
        """Seconds since the newest message arrived; inf before the first."""
        newest = self.newest
        return time.monotonic() - newest.arrived_s if newest else float("inf")

    def sample(self) -> Sample[T]:
        """The newest; DeviceError before the first."""
        if self.newest is None:
            raise DeviceError(f"no message has arrived on {self.topic}: connect first")
        return self.newest

    def _stamp(self, message: Any, arrived_ns: int) -> int:
        if not hasattr(message, "header"):
            return arrived_ns
        stamp_ns = from_time(message.header.stamp)
        if self._header_is_sane is None:
            self._header_is_sane = self._sane(stamp_ns, arrived_ns)
        return min(stamp_ns, arrived_ns) if self._header_is_sane else arrived_ns

    def _sane(self, stamp_ns: int, arrived_ns: int) -> bool:
        age_s = (arrived_ns - stamp_ns) * 1e-9
        if sane := -_FUTURE_S <= age_s <= self._sane_s:
            return sane
        log.warning(
            "%s: stamps are %.3f s behind this machine's clock, wanted at most %g s: the time of arrival is "
            "used instead. Synchronise the clocks (chrony), or turn use_sim_time off",
            self.topic,
            age_s,
            self._sane_s,
        )
        return False
