"""What the machine wants at a control step: base + residual, or what a keypoint plan explores instead."""

from __future__ import annotations

import numpy as np

from policies.base import BasePolicy
from policies.labeller import Labeller
from policies.senses import Sensed
from policies.trajectory import Trajectory
from policies.weights_inbox import Correction
from robot.core.types import Action, Source


class Proposer:
    """The policies of an actor.

    Args:
        base: the frozen policy.
        correction: the residual, or None for the base alone.
        guide: whose plans may explore; None: none.
        explore: whether actions are to be tried out.
    """

    def __init__(
        self, base: BasePolicy, correction: Correction | None, guide: Labeller | None, explore: bool
    ) -> None:
        self._base, self._correction = base, correction
        self._guide, self._explore = guide if explore else None, explore
        self._guided = False  # at the step before

    @property
    def version(self) -> int:
        """Of the weights that act; 0 before any."""
        return self._correction.version if self._correction else 0

    def reset(self, seed: int) -> None:
        """An episode begins."""
        self._base.reset(seed)
        self._guided = False
        self._drop_correction()

    def follow(self, before: Source, now: Source) -> None:
        """Who decided the last two steps: where a person takes the arm or gives it back, plans are void."""
        if (before is Source.HUMAN) != (now is Source.HUMAN):
            self._drop()

    def propose(self, episode: Trajectory, sensed: Sensed) -> Action:
        """For the control step that begins."""
        guided = self._guide.guide(sensed) if self._guide else None
        if (guided is not None) != self._guided:
            self._guided = guided is not None
            self._drop()
        base = self._base.act(sensed.observation)
        if guided is not None:
            return Action(sensed.stamp_ns, guided, base, guided - base, Source.GUIDE, self.version)
        if self._correction is None:
            return Action(sensed.stamp_ns, base, base, np.zeros_like(base))
        seed = episode.seed * 1_000_003 + episode.steps if self._explore else None
        previous = sensed.executed.value if episode.steps else np.zeros_like(base)
        residual = self._correction.act(sensed.observation, base, seed, previous)
        value = np.clip(base + residual, -1.0, 1.0).astype(np.float32)
        return Action(sensed.stamp_ns, value, base, residual, Source.POLICY, self.version)

    def _drop(self) -> None:
        self._base.drop()  # what it planned was for a place where the arm no longer is
        self._drop_correction()

    def _drop_correction(self) -> None:
        if self._correction is not None:
            self._correction.drop()
