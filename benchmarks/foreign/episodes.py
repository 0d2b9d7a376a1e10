"""Transitions of a foreign environment as the records that our replay buffer takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.foreign.environment import Transition
from robot.core.spec import AXES, ActionSpec, ArmActionSpec, ObservationSpec, RigSpec
from robot.core.types import Array, EpisodeEnd, EpisodeHeader, Observation, Outcome, Source, Step


def rig_spec(state_size: int, action_size: int, gripper_last: bool = False) -> RigSpec:
    """A rig that sees one vector "state" and has an action of the wanted size, perhaps a gripper last.

    The environment's action is split over as many nominal arms as six axes each need; their scales mean
    nothing here, for no arm of ours executes them.
    """
    axes = action_size - int(gripper_last)
    sizes = [min(len(AXES), axes - start) for start in range(0, axes, len(AXES))]
    arms = [ArmActionSpec(f"part{i}", AXES[:n], 1.0, 1.0) for i, n in enumerate(sizes)]
    if gripper_last:
        arms[-1] = replace(arms[-1], gripper=True)
    return RigSpec(ObservationSpec({"state": (state_size,)}), ActionSpec(tuple(arms)))


class EpisodeStream:
    """Turns transitions into headers, steps and ends, with a base action of zeros.

    Args:
        task: for the headers.
        action_size: A.
        mode: demo or train.
        first_id: of the first episode; the next ones count up.
    """

    def __init__(self, task: str, action_size: int, mode: str, first_id: int = 0) -> None:
        self._task, self._mode, self._next_id = task, mode, first_id
        self._base = np.zeros(action_size, np.float32)
        self._step = 0

    def records(self, transition: Transition) -> list[EpisodeHeader | Step | EpisodeEnd]:
        """One transition's: a header before the first of an episode, an end after the last."""
        opening = [self._header()] if self._step == 0 else []
        step = self._record(transition)
        self._step += 1
        if not transition.ends:
            return [*opening, step]
        return [*opening, step, self._end(transition)]

    def _header(self) -> EpisodeHeader:
        return EpisodeHeader(self._next_id, self._task, self._next_id, "script", "foreign", self._mode)

    def _record(self, t: Transition) -> Step:
        return Step(
            episode_id=self._next_id,
            step=self._step,
            observation=observation(t.state),
            action=t.action,
            base_action=self._base,
            proposed_action=t.action,
            reward=t.reward,
            discount=0.0 if t.terminated else 1.0,
            terminated=t.terminated,
            truncated=t.truncated,
            # As a session records them: a person's demonstrations are lessons, practice is the policy's own.
            source=Source.HUMAN if self._mode == "demo" else Source.POLICY,
            weights_version=0,
        )

    def _end(self, t: Transition) -> EpisodeEnd:
        over = Outcome.FAILURE if t.terminated else Outcome.TIME_LIMIT
        outcome = Outcome.SUCCESS if t.success else over
        end = EpisodeEnd(self._next_id, self._step, outcome, observation(t.next_state), self._base)
        self._next_id, self._step = self._next_id + 1, 0
        return end


def observation(state: Array) -> Observation:
    """A state [S] as our policy sees it."""
    return Observation(0, {"state": state})
