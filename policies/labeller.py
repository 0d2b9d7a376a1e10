"""What an actor asks of a dense reward; here, so that an actor without one needs none of its libraries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from policies.senses import Sensed
from robot.core.topics import Topic
from robot.core.types import Array, Label, Outcome


class Labeller(Protocol):
    """Says something of each observation, waiting for no model; a look for an object takes its time."""

    topics: tuple[Topic, ...]

    def hear(self, topic: Topic, message: object) -> None:
        """A message of one of its topics."""
        ...

    def label(self, sensed: Sensed) -> Sequence[Label]:
        """Take one more observation; asked once a control step after the arm has its command.

        Returns the words on the episode's oldest observations that have none yet, in order: as many as there
        is time for, and none while it is not known what to say.
        """
        ...

    def rest(self) -> Sequence[Label]:
        """The same, at the episode's end: on as many as can be said, whatever time it takes."""
        ...

    def end(self, outcome: Outcome, helped: bool) -> None:
        """The episode is over: how it was judged in the end, and whether a person drove in it."""
        ...

    def guide(self, sensed: Sensed) -> Array | None:
        """The action [A] of a step at which its plan explores in the place of the policy."""
        ...

    def close(self) -> None:
        """No more is asked of it."""
        ...
