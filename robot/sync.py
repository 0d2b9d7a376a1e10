"""Join messages of one control step by their stamp."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from robot.core.errors import StaleSample
from robot.core.topics import Topic

_KEPT = 4  # stamps; older ones can no longer be completed
_KEPT_FRAMES = 64  # of a sampled topic: two seconds of a camera at 30 Hz, far more than any step waits


class StampSync:
    """Collects the newest messages of several topics and tells when a stamp has all of them.

    In lockstep every topic carries the same stamp. On a real cell the arm's node stamps the control step, and
    a camera sends frames at its own rate with their own stamps: a topic in ``max_age_s`` is *sampled*.

    A step takes the newest frame known of each sampled topic that was captured at or before the step, and no
    more than its age limit before it. Where a camera has none yet the step waits, until any message is
    stamped later than the step by more than that limit; then it is given up, counted and explained in
    `stale`. A step that is overtaken by a whole later one is given up too. Time is what the messages' stamps
    say, and only they: the same messages in the same order give the same steps.

    Args:
        topics: all that a step needs.
        max_age_s: topic name -> age limit in seconds, of the sampled ones.
    """

    def __init__(self, topics: Sequence[Topic], max_age_s: Mapping[str, float] | None = None) -> None:
        self._max_age_ns = {name: round(age * 1e9) for name, age in (max_age_s or {}).items()}
        self._names = frozenset(t.name for t in topics) - self._max_age_ns.keys()
        if not self._names or not self._max_age_ns.keys() <= {t.name for t in topics}:
            known = sorted(t.name for t in topics)
            raise ValueError(f"max_age_s names {sorted(self._max_age_ns)}, want some, not all, of {known}")
        self._sets: dict[int, dict[str, Any]] = {}
        self._frames = {name: deque[Any](maxlen=_KEPT_FRAMES) for name in self._max_age_ns}
        self.stale_steps = 0  # how many steps were given up for want of a frame
        self.stale: StaleSample | None = None  # what the last of them lacked

    def add(self, topic: Topic, message: Any) -> Mapping[str, Any] | None:
        """The complete set {topic name: message} if ``message`` was the last one missing of its step."""
        if topic.name in self._frames:
            self._frames[topic.name].append(message)
            # Steps wait only where frames are sampled; the newest is the one that still matters.
            waiting = [s for s in sorted(self._sets, reverse=True) if self._names == self._sets[s].keys()]
        else:
            self._sets.setdefault(message.stamp_ns, {})[topic.name] = message
            waiting = [message.stamp_ns] if self._names == self._sets[message.stamp_ns].keys() else []
        whole = next((w for w in map(self._whole, waiting) if w is not None), None)
        self._forget_old()
        self._give_up(message.stamp_ns)
        return whole

    def clear(self) -> None:
        """Forget everything half-collected."""
        self._sets.clear()
        for frames in self._frames.values():
            frames.clear()

    def _whole(self, stamp: int) -> dict[str, Any] | None:
        chosen = {name: self._frame(name, stamp) for name in self._frames}
        if None in chosen.values():
            return None
        whole = {**self._sets.pop(stamp), **chosen}
        for older in [s for s in self._sets if s < stamp]:
            self._drop(older)
        return whole

    def _frame(self, name: str, stamp: int) -> Any | None:
        """The newest frame in time for the step; of two with one stamp the later arrival."""
        oldest = stamp - self._max_age_ns[name]
        fitting = [f for f in reversed(self._frames[name]) if oldest <= f.stamp_ns <= stamp]
        return max(fitting, key=lambda f: f.stamp_ns, default=None)

    def _forget_old(self) -> None:
        for stamp in sorted(self._sets)[:-_KEPT]:
            self._drop(stamp)

    def _give_up(self, now: int) -> None:
        for stamp in [s for s in self._sets if self._names == self._sets[s].keys()]:
            missing = [n for n in self._frames if self._frame(n, stamp) is None]
            if any(now > stamp + self._max_age_ns[name] for name in missing):
                self._drop(stamp)

    def _drop(self, stamp: int) -> None:
        if self._names == self._sets.pop(stamp).keys():
            lacking = [self._lack(n, stamp) for n in self._frames if self._frame(n, stamp) is None]
            self.stale_steps += 1
            why = "; ".join(lacking) or "its frame came after a later step was whole"
            self.stale = StaleSample(f"step at {stamp} ns given up: {why}")

    def _lack(self, name: str, stamp: int) -> str:
        limit_ms = self._max_age_ns[name] / 1e6
        before = [stamp - f.stamp_ns for f in self._frames[name] if f.stamp_ns <= stamp]
        got = f"the newest frame is {min(before) / 1e6:.1f} ms old" if before else "no frame"
        return (
            f"{name}: {got}, want at most {limit_ms:g} ms; check the camera and its rate, or raise its "
            "max_age_s in the rig"
        )
