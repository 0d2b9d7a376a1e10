"""The arbiter and the simulated operator as nodes; usually one process with `teleop.teleop_node`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import Action, EpisodeStart, Status, TeleopCommand, Truth
from robot.task import Task
from teleop.arbiter import Arbiter, ArbiterConfig
from teleop.device import SimulatedOperator


class SimulatedTeleop(Node):
    """Reads the simulated operators, one an arm, once a control step, as soon as they saw its truth.

    Like people they leave an arm alone that is on its way to the next start.
    """

    name = "teleop"

    def __init__(self, *operators: SimulatedOperator) -> None:
        self._operators = operators
        self._episode_id = -1
        self._unread: Truth | None = None
        self._resetting = False
        self.inputs = (topics.TRUTH, topics.EPISODE_START, topics.AUTONOMY)
        self.outputs = (topics.TELEOP,)

    def on(self, topic: Topic, message: Truth | EpisodeStart | Status) -> None:
        """Follow the scene and answer with readings of the same stamp."""
        if isinstance(message, Status):
            self._resetting = not message.values["practice"]
        elif isinstance(message, EpisodeStart):
            for operator in self._operators:
                operator.begin(message)
            self._episode_id, self._resetting = message.episode_id, False
        else:
            self._unread = message
        # Topics have no order among each other: a truth may come before the start of its episode.
        if self._unread is not None and self._unread.episode_id == self._episode_id:
            truth, self._unread = self._unread, None
            for operator in self._operators:
                operator.see(truth)
                reading = operator.read(truth.stamp_ns)
                self.publish(topics.TELEOP, _let_go(reading) if self._resetting else reading)

    def close(self) -> None:
        """Give the devices back."""
        for operator in self._operators:
            operator.close()


def _let_go(reading: TeleopCommand) -> TeleopCommand:
    return TeleopCommand(reading.stamp_ns, reading.arm, np.zeros(6, np.float32), lost=reading.lost)


class ArbiterNode(Node):
    """Joins the policy's proposal with the operator's readings of the same control step.

    In lockstep it waits for the reading of every arm that has a device; in real time a reading that is late
    or stale counts as released, but a lost device stays lost until it is read again. Without
    ``arms_with_devices`` every arm of the task has one.
    """

    name = "arbiter"

    def __init__(
        self,
        task: Task,
        arms_with_devices: Sequence[str] | None = None,
        lockstep: bool = True,
        config: ArbiterConfig | None = None,
    ) -> None:
        self._lockstep, self._arms = (
            lockstep,
            tuple(task.arms if arms_with_devices is None else arms_with_devices),
        )
        for arm in self._arms:
            task.action.slice_of(arm)  # refuses an arm the task does not have
        self._arbiter = Arbiter(task.action, config)
        self._proposed: Action | None = None
        self._readings: dict[str, TeleopCommand] = {}
        readings = (topics.TELEOP,) if self._arms else ()
        self.inputs = (topics.PROPOSED, *readings, topics.EPISODE_START)
        self.outputs = (topics.COMMAND,)

    def on(self, topic: Topic, message: Action | TeleopCommand | EpisodeStart) -> None:
        """Decide as soon as every side of a step is known."""
        if isinstance(message, EpisodeStart):
            self._arbiter.reset()
            return
        if isinstance(message, TeleopCommand):
            self._readings[message.arm] = message
        else:
            self._proposed = message
        self._decide()

    def _decide(self) -> None:
        if self._proposed is None or not self._readings_are_in(self._proposed.stamp_ns):
            return
        proposed, self._proposed = self._proposed, None
        self.publish(topics.COMMAND, self._arbiter.decide(proposed, self._valid(proposed.stamp_ns)))

    def _readings_are_in(self, stamp_ns: int) -> bool:
        known = (self._readings.get(arm) for arm in self._arms)
        return not self._lockstep or all(r is not None and r.stamp_ns >= stamp_ns for r in known)

    def _valid(self, stamp_ns: int) -> dict[str, TeleopCommand]:
        most_ns = topics.TELEOP.stale_after_s * 1e9
        readings = self._readings.items()
        return {a: r for a, r in readings if r.lost or abs(stamp_ns - r.stamp_ns) <= most_ns}
