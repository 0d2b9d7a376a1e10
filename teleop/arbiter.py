"""Who drives each arm: policy or person. Hysteresis against flicker, and bounded hand-overs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from robot.core.spec import ActionSpec, ArmActionSpec
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
    """One decision for the whole rig out of one for each arm.

    The action's source is HOLD if any arm must hold, else HUMAN if any arm is in a person's hands; `engaged`
    says that a person drives, and holds the dead-man of every arm he drives.
    """

    def __init__(self, spec: ActionSpec, config: ArbiterConfig | None = None) -> None:
        self._shares = {a.arm: _ArmShare(a, config or ArbiterConfig()) for a in spec.arms}
        self._slices = {a.arm: spec.slice_of(a.arm) for a in spec.arms}

    def reset(self) -> None:
        """A new episode: the policy has control and the arms are at rest."""
        for share in self._shares.values():
            share.reset()

    def decide(self, proposed: Action, readings: Mapping[str, TeleopCommand]) -> Action:
        """The command for this step; an arm whose value is not finite, or whose device is lost, holds."""
        # A policy that says NaN for one arm is broken for all.
        policy = proposed.value if np.isfinite(proposed.value).all() else np.full_like(proposed.value, np.nan)
        parts = {a: s.decide(policy[self._slices[a]], readings.get(a)) for a, s in self._shares.items()}
        sources = [source for _, source in parts.values()]
        value = np.concatenate([value for value, _ in parts.values()])
        driven = [readings[a].engaged for a, (_, source) in parts.items() if source is Source.HUMAN]
        source = next((s for s in (Source.HOLD, Source.HUMAN) if s in sources), proposed.source)
        return replace(proposed, value=value, source=source, engaged=bool(driven) and all(driven))


class _ArmShare:
    """State: who has control, for how long the hand has rested, what was commanded last."""

    def __init__(self, arm: ArmActionSpec, config: ArbiterConfig) -> None:
        self._arm, self._config = arm, config
        self.reset()

    def reset(self) -> None:
        self._human, self._held = False, False
        self._resting, self._ramp = 0, 0
        self._last = np.zeros(self._arm.size, np.float32)

    def decide(self, policy: Array, teleop: TeleopCommand | None) -> tuple[Array, Source]:
        """The arm's value [size] in [-1, 1]; the source is POLICY, HUMAN or HOLD."""
        self._update(teleop)
        # Without the device nobody can step in: no supervision, no motion, whoever drove.
        if teleop is not None and teleop.lost:
            return self._hold()
        value, source = policy, Source.POLICY
        if self._human and teleop is not None:
            value, source = self._arm.from_axes(teleop.axes, teleop.gripper), Source.HUMAN
        if not np.isfinite(value).all():
            return self._hold()
        self._held = False
        self._last = self._bumpless(np.clip(value, -1.0, 1.0))
        return self._last, source

    def _hold(self) -> tuple[Array, Source]:
        self._held = True
        self._last = np.zeros(self._arm.size, np.float32)  # holding is at once, also in a hand-over
        return self._last, Source.HOLD

    def _update(self, teleop: TeleopCommand | None) -> None:
        engaged = teleop is not None and teleop.engaged and not teleop.lost
        deflection = self._deflection(teleop) if teleop is not None and engaged else 0.0
        self._resting = 0 if deflection > self._config.keep_deflection else self._resting + 1
        was = self._human
        if not was:
            self._human = engaged and deflection > self._config.take_deflection
        else:
            self._human = engaged and self._resting < self._config.release_steps
        changed = was != self._human or self._held
        self._ramp = self._config.handover_steps if changed else max(0, self._ramp - 1)

    def _deflection(self, teleop: TeleopCommand) -> float:
        gripper = abs(teleop.gripper) if self._arm.gripper else 0.0
        return max(float(np.abs(teleop.axes).max()), gripper)

    def _bumpless(self, value: Array) -> Array:
        # Actions move the present reference, so the pose cannot jump; this bounds the velocity's change.
        if self._ramp == 0:
            return value.astype(np.float32)
        most = self._config.handover_change
        return (self._last + np.clip(value - self._last, -most, most)).astype(np.float32)
