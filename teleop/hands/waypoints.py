"""Hands that follow a task's waypoints, and step in where the arm is stuck or drifts, until it is fine."""

from __future__ import annotations

from collections import deque

from robot.core.spec import ArmActionSpec
from robot.core.types import Array, Truth
from robot.task import Task
from teleop.operator_config import OperatorConfig
from teleop.scripted import ScriptedHand

_USUAL_STEPS = 60  # a task's time limit that `OperatorConfig.late_steps` is meant for


class WaypointHand:
    """A `Hand` that steers by what is left to the present waypoint, and judges by it.

    It follows how far the other arms are, too: one of its waypoints may come after one of theirs.
    """

    def __init__(self, arm: ArmActionSpec, task: Task, config: OperatorConfig) -> None:
        self._config = config
        self._late_steps = config.late_steps * task.time_limit_steps // _USUAL_STEPS
        self._hands = [_scripted(a, task, config) for a in task.action.arms]
        self._hand = self._hands[task.arms.index(arm.arm)]
        self.begin(0)

    def begin(self, seed: int) -> None:
        """Forget the last episode."""
        for index, hand in enumerate(self._hands):
            hand.begin(seed, index)
        self._step, self._held, self._lowest = 0, 0, 0
        self._distances: deque[float] = deque(maxlen=self._config.patience_steps + 1)

    def see(self, truth: Truth) -> None:
        """Move on to the next waypoint where this one is reached, or begin again if a part fell."""
        done = frozenset[str]().union(*(hand.done for hand in self._hands))
        for hand in self._hands:
            hand.advance(truth, done)
        if any([hand.lost(truth) for hand in self._hands]):  # every one is asked
            for hand in self._hands:
                hand.begin_again()

    def deflection(self, truth: Truth) -> tuple[Array, float]:
        """Toward the waypoint."""
        return self._hand.deflection(truth)

    def needed(self, truth: Truth) -> bool:
        """From stuck, drifting or late, to a waypoint further on."""
        self._step += 1
        self._distances.append(self._hand.remaining_m(truth))
        if self._held:
            self._lowest = min(self._lowest, self._hand.index)
            self._held = 0 if self._fine(truth) else self._held + 1
        elif self._stuck() or self._drifting() or self._step > self._late_steps:
            self._held, self._lowest = 1, self._hand.index
        return self._held > 0

    def _stuck(self) -> bool:
        d = self._distances
        if self._hand.arrived:
            return False  # it waits, for another arm or for the judge
        return len(d) == d.maxlen and d[0] - min(d) < self._config.progress_m

    def _drifting(self) -> bool:
        return bool(self._distances) and self._distances[-1] - min(self._distances) > self._config.drift_m

    def _fine(self, truth: Truth) -> bool:
        # The arm has come past a waypoint under the operator's hand, or to where it waits for another arm:
        # from here the policy may try again.
        if self._held < self._config.hold_steps or self._step > self._late_steps:
            return False
        fine = self._hand.index > self._lowest or self._hand.waits(truth)
        if fine:
            self._distances.clear()
        return fine


def _scripted(arm: ArmActionSpec, task: Task, config: OperatorConfig) -> ScriptedHand:
    waypoints = tuple(w for w in task.waypoints if w.arm in ("", arm.arm))
    return ScriptedHand(arm, waypoints, config.hand, task.tool_frame(arm.arm))
