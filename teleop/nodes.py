"""The operator's device and the arbiter as nodes; usually one process."""

from __future__ import annotations

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import Action, EpisodeStart, TeleopCommand, Truth
from robot.task import Task
from teleop.arbiter import Arbiter, ArbiterConfig
from teleop.device import SimulatedOperator


class SimulatedTeleop(Node):
    """Reads the simulated operator once a control step, as soon as it has seen the step's truth."""

    name = "teleop"

    def __init__(self, operator: SimulatedOperator) -> None:
        self._operator = operator
        self._episode_id = -1
        self._unread: Truth | None = None
        self.inputs = (topics.TRUTH, topics.EPISODE_START)
        self.outputs = (topics.TELEOP,)

    def on(self, topic: Topic, message: Truth | EpisodeStart) -> None:
        """Follow the scene and answer with a reading of the same stamp."""
        if isinstance(message, EpisodeStart):
            self._operator.begin(message)
            self._episode_id = message.episode_id
        else:
            self._unread = message
        # Topics have no order among each other: a truth may come before the start of its episode.
        if self._unread is not None and self._unread.episode_id == self._episode_id:
            truth, self._unread = self._unread, None
            self._operator.see(truth)
            self.publish(topics.TELEOP, self._operator.read(truth.stamp_ns))

    def close(self) -> None:
        """Give the device back."""
        self._operator.close()


class ArbiterNode(Node):
    """Joins the policy's proposal with the operator's reading of the same control step.

    In lockstep it waits for the reading; in real time a reading that is late or stale counts as released.
    """

    name = "arbiter"

    def __init__(self, task: Task, lockstep: bool = True, config: ArbiterConfig | None = None) -> None:
        self._lockstep = lockstep
        self._arbiter = Arbiter(task.action, config)
        self._proposed: Action | None = None
        self._teleop: TeleopCommand | None = None
        self.inputs = (topics.PROPOSED, topics.TELEOP, topics.EPISODE_START)
        self.outputs = (topics.COMMAND,)

    def on(self, topic: Topic, message: Action | TeleopCommand | EpisodeStart) -> None:
        """Decide as soon as both sides of a step are known."""
        if isinstance(message, EpisodeStart):
            self._arbiter.reset()
            return
        if isinstance(message, TeleopCommand):
            self._teleop = message
        else:
            self._proposed = message
        self._decide()

    def _decide(self) -> None:
        if self._proposed is None or not self._reading_is_in(self._proposed.stamp_ns):
            return
        proposed, self._proposed = self._proposed, None
        self.publish(topics.COMMAND, self._arbiter.decide(proposed, self._fresh(proposed.stamp_ns)))

    def _reading_is_in(self, stamp_ns: int) -> bool:
        return not self._lockstep or (self._teleop is not None and self._teleop.stamp_ns >= stamp_ns)

    def _fresh(self, stamp_ns: int) -> TeleopCommand | None:
        if self._teleop is None:
            return None
        age_s = (stamp_ns - self._teleop.stamp_ns) * 1e-9
        return self._teleop if abs(age_s) <= topics.TELEOP.stale_after_s else None
