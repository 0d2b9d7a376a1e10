"""All arms of a rig under one hand: one action for all of them, and when one must hold, they all do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot.core.types import Action, DeviceHealth, Event, Key, RobotState, Source, SpeedScale, Status
from robot.guarded_arm import Executed, GuardedArm
from robot.safety.reason import Reason

# Of the arms' sources, the first counts.
_ORDER = (Source.HOLD, Source.RESET, Source.HUMAN, Source.GUIDE, Source.POLICY)


class RigControl:
    """Used by the arm node on a real cell and by the twin's cell alike.

    Args:
        arms: in the action's order.
    """

    def __init__(self, arms: Sequence[GuardedArm]) -> None:
        self.arms = list(arms)
        self._gone: dict[str, str] = {}  # lost devices, with the reason
        self._told: dict[str, str] = {}  # arms reported as lost
        self._speed_scale = 1.0
        self._sent: Action | None = None

    @property
    def stopped(self) -> str:
        """Why the rig is stopped until a person clears it; empty while it may move."""
        return "; ".join(f"{a.spec.arm}: {a.stopped}" for a in self.arms if a.stopped)

    @property
    def devices_ok(self) -> bool:
        """Whether every device that was reported lost is back, and every arm answers."""
        return not self._gone and not any(a.lost for a in self.arms)

    def hear(self, message: DeviceHealth | SpeedScale | Event) -> None:
        """A device went or came back, people came near, a person stops or clears the arms."""
        if isinstance(message, SpeedScale):
            self._speed_scale = message.value
        elif isinstance(message, Event):
            self._press(message)
        elif message.ok:
            self._gone.pop(message.device, None)
        elif not message.device.startswith("arm/"):  # those are ours to tell
            self._gone[message.device] = message.reason

    def begin(self) -> None:
        """A new episode begins; what was under way ends."""
        self._sent = None
        for arm in self.arms:
            arm.begin()

    def command(self, action: Action, stamp_ns: int) -> None:
        """The action of the control step that begins now."""
        self._sent, start = action, 0
        for arm in self.arms:
            value = action.value[start : start + arm.spec.size]
            arm.command(stamp_ns, value, action.source, action.engaged)
            start += arm.spec.size

    def tick(self, now_ns: int) -> None:
        """One guard period of every arm."""
        for arm in self.arms:
            others = all(not a.lost and not a.stopped for a in self.arms if a is not arm)
            arm.tick(now_ns, others and not self._gone, self._speed_scale)

    def executed(self, stamp_ns: int) -> Action:
        """What the rig did since the control step before, as one action."""
        parts = [arm.executed() for arm in self.arms]
        value = np.concatenate([p.value for p in parts]).astype(np.float32)
        source = min((p.source for p in parts), key=_ORDER.index)
        safety = int(_all_reasons(parts))
        sent, self._sent = self._sent, None
        zero = np.zeros_like(value)
        base, residual, version = (
            (zero, zero, 0) if sent is None else (sent.base, sent.residual, sent.weights_version)
        )
        engaged = sent is not None and sent.engaged
        return Action(stamp_ns, value, base, residual, source, version, engaged, safety)

    def states(self) -> list[RobotState | None]:
        """The newest measurement of each arm; None where the connection is gone."""
        return [arm.state() for arm in self.arms]

    def health(self, stamp_ns: int) -> list[DeviceHealth]:
        """Arms that were lost, or came back, since this was asked last."""
        lost = {f"arm/{a.spec.arm}": a.lost for a in self.arms if a.lost}
        gone = [DeviceHealth(stamp_ns, d, False, why) for d, why in lost.items() if d not in self._told]
        back = [DeviceHealth(stamp_ns, d, True) for d in self._told if d not in lost]
        self._told = lost
        return gone + back

    def report(self, stamp_ns: int, executed: Action, waiting: str = "") -> Status:
        """Guard periods by reason so far; the text says what holds the rig now, or what it waits for."""
        counts = {f"{a.spec.arm}/{name}": float(n) for a in self.arms for name, n in a.counts.items()}
        now = ", ".join(Reason(executed.safety).names)
        lost = [*self._gone.values(), *(a.lost for a in self.arms if a.lost)]
        text = self.stopped or "; ".join(lost) or waiting or now
        flags = {"stopped": float(bool(self.stopped)), "waiting": float(bool(waiting))}
        return Status(stamp_ns, "safety", {**counts, **flags}, text)

    def _press(self, event: Event) -> None:
        if event.key is Key.STOP:
            for arm in self.arms:
                arm.stop(event.reason or "a person pressed stop")
        elif event.key is Key.CLEAR:
            for arm in self.arms:
                arm.clear()


def _all_reasons(parts: Sequence[Executed]) -> Reason:
    reasons = Reason(0)
    for part in parts:
        reasons |= part.reasons
    return reasons
