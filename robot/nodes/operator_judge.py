"""The plainest reward there is on a real cell: none, until the operator presses the key for success."""

from __future__ import annotations

from robot.core import topics
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import Action, Reward


class OperatorJudge(Node):
    """Answers every executed step with a reward of zero; the operator's key is the actor's to hear."""

    name = "judge"
    inputs = (topics.EXECUTED,)
    outputs = (topics.REWARD,)

    def on(self, topic: Topic, message: Action) -> None:
        """One step was executed."""
        self.publish(topics.REWARD, Reward(message.stamp_ns, 0.0))
