"""The actor's side of practice without a person: it feeds the supervisor, and proposes what that decides."""

from __future__ import annotations

import numpy as np

from policies.senses import Sensed
from robot.autonomy.inputs import Inputs
from robot.autonomy.mode import Mode
from robot.autonomy.supervisor import Decision, Supervisor
from robot.core.types import Action, Source, Status


class ResetPilot:
    """Between episodes it drives the arms to the next start, in the task's own actions, with Source.RESET.

    They go the way of every proposal: a person's hand overrules them, the safety layer bounds them. What is
    executed then belongs to no episode, and is neither recorded nor learned from.

    Args:
        action_size: A, of the rig's actions.
    """

    def __init__(self, supervisor: Supervisor, action_size: int) -> None:
        self._supervisor, self._size = supervisor, action_size
        self._at_start = False
        self._ended: int | None = None  # seed of the next start, until the supervisor knows that one ended
        self._told = (supervisor.mode, 0)

    @property
    def ready(self) -> bool:
        """Whether the next episode may be asked for: the arms are at its start, or a person must help."""
        return self._at_start or self._supervisor.mode is Mode.HELP_NEEDED

    @property
    def in_place(self) -> bool:
        """Whether it may begin where the arms are."""
        return self._at_start

    def watch(self, sensed: Sensed, began: bool) -> str:
        """One control step of an episode; says why it should end now, empty while it should not."""
        decision = self._advance(sensed, began)
        return decision.reason if decision.mode is Mode.STUCK else ""

    def end(self, next_seed: int) -> None:
        """The episode is over; the next one starts where ``next_seed`` says."""
        self._ended, self._at_start = next_seed, False

    def lose(self, stamp_ns: int, reason: str) -> None:
        """A device is gone: whoever plugs it in again has hands in the cell, so a person begins the next."""
        self._at_start = False
        self._supervisor.call(stamp_ns, reason)

    def drive(self, sensed: Sensed) -> Action:
        """The proposal for a control step between episodes; HOLD while nothing is to move."""
        value = self._advance(sensed, began=False).value
        rest = np.zeros(self._size, np.float32)
        if value is None:
            return Action(sensed.stamp_ns, rest, rest, rest, Source.HOLD)
        return Action(sensed.stamp_ns, value, rest, rest, Source.RESET)

    def news(self, stamp_ns: int) -> Status | None:
        """For people and the simulated ones: what it does, if that has changed since this was asked last."""
        s = self._supervisor
        if self._told == (s.mode, s.tries):
            return None
        self._told = (s.mode, s.tries)
        flags = {m.value: float(m is s.mode) for m in Mode}
        return Status(stamp_ns, "autonomy", {**flags, "tries": float(s.tries)}, s.reason)

    def _advance(self, sensed: Sensed, began: bool) -> Decision:
        ended, self._ended = self._ended, None
        inputs = Inputs(sensed.stamp_ns, sensed.states, sensed.executed, began, ended is not None, ended or 0)
        decision = self._supervisor.advance(inputs)
        self._at_start = decision.start
        return decision
