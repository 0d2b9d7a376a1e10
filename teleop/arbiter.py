"""Who drives: policy or person. Hysteresis against flicker, and bounded hand-overs. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from robot.core.spec import ActionSpec
from robot.core.types import Action, Array, Source, TeleopCommand


@dataclass(frozen=True)
class ArbiterConfig:
    """Deflections are of full scale, counts are control steps."""

    take_deflection: float = 0.15  # an engaged device beyond this takes control
    keep_deflection: float = 0.05  # below this the hand is at rest
    release_steps: int = (
        3  # at rest for this long gives control back; letting go of the dead-man does at once
    )
    handover_steps: int = 2  # steps after a hand-over whose change is bounded
    handover_change: float = 0.6  # largest change of any value in one such step


class Arbiter:
    """State: who has control, for how long the hand has rested, what was commanded last."""

    def __init__(self, spec: ActionSpec, config: ArbiterConfig | None = None) -> None:
        self._spec, self._config = spec, config or ArbiterConfig()
        self.reset()

    def reset(self) -> None:
        """A new episode: the policy has control and the arm is at rest."""
        self.human = False
        self._resting, self._ramp = 0, 0
        self._last = np.zeros(self._spec.size, np.float32)

    def decide(self, proposed: Action, teleop: TeleopCommand | None) -> Action:
        """The command for this step; a value that is not finite becomes HOLD."""
        self._update(teleop)
        chosen = self._human_action(proposed, teleop) if self.human and teleop else proposed
        if not np.isfinite(chosen.value).all():
            self._last = np.zeros(self._spec.size, np.float32)  # holding is at once, also in a hand-over
            return replace(chosen, value=self._last, source=Source.HOLD)
        self._last = self._bumpless(np.clip(chosen.value, -1.0, 1.0))
        return replace(chosen, value=self._last)

    def _update(self, teleop: TeleopCommand | None) -> None:
        deflection = float(np.abs(teleop.axes).max()) if teleop and teleop.engaged else 0.0
        engaged = bool(teleop and teleop.engaged)
        self._resting = 0 if deflection > self._config.keep_deflection else self._resting + 1
        was = self.human
        if not was:
            self.human = engaged and deflection > self._config.take_deflection
        else:
            self.human = engaged and self._resting < self._config.release_steps
        self._ramp = self._config.handover_steps if was != self.human else max(0, self._ramp - 1)

    def _human_action(self, proposed: Action, teleop: TeleopCommand) -> Action:
        parts = [arm.from_axes(teleop.axes, teleop.gripper) for arm in self._spec.arms]
        return replace(proposed, value=np.concatenate(parts), source=Source.HUMAN)

    def _bumpless(self, value: Array) -> Array:
        # Actions move the present reference, so the pose cannot jump; this bounds the velocity's change.
        if self._ramp == 0:
            return value.astype(np.float32)
        most = self._config.handover_change
        return (self._last + np.clip(value - self._last, -most, most)).astype(np.float32)
