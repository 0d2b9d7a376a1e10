"""The state machine of practice without a person. It decides from what it is told, and touches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from robot.autonomy.arm_return import ArmReturn
from robot.autonomy.config import AutonomyConfig
from robot.autonomy.inputs import Inputs
from robot.autonomy.mode import Mode
from robot.autonomy.trouble import Trouble
from robot.core.types import Array, Source

_OURS = (Source.POLICY, Source.GUIDE, Source.RESET)  # a person's hand finds its own way
_BLOCKED = (Trouble.STUCK, Trouble.JAM)


@dataclass(frozen=True)
class Decision:
    """What to do in the control step that begins now; without a value autonomy moves nothing."""

    mode: Mode
    value: Array | None = None  # [A] in [-1, 1], to be executed with Source.RESET
    start: bool = False  # the arms rest at the start: ask for the next episode
    reason: str = ""  # for people: what is wrong with the attempt, or what a person is needed for


class Supervisor:
    """Source of the modes: FastRLAP's runtime (Stachowicz et al., 2023), whose cars recover by themselves.

    Recovery is bounded: `tries` of at most `recover_s`, each followed by at most `reset_s`; then a person is
    called. A value comes only while every arm's measurement is fresh and finite and no safety rule holds the
    rig; a person's stop ends all motion from every mode, until an episode begins again.

    Args:
        arms: in the action's order.
    """

    def __init__(self, arms: Sequence[ArmReturn], config: AutonomyConfig) -> None:
        self._arms, self._config = list(arms), config
        self.mode, self.reason = Mode.HELP_NEEDED, "a person begins the first episode"
        self.tries = 0  # to get free since the last episode began
        self._trouble, self._ended = Trouble.NONE, False
        self._seed = self._steps = 0
        self._since_ns = self._seen_ns = self._heard_ns = 0

    def advance(self, inputs: Inputs) -> Decision:
        """One control step."""
        if inputs.began:
            self._begin(inputs.now_ns)
        if inputs.ended:
            self._ended, self._seed = True, inputs.seed
        backwards = "the clock ran backwards" if inputs.now_ns < self._heard_ns else ""
        self._heard_ns = inputs.now_ns
        if inputs.stopped or backwards:
            self.call(inputs.now_ns, inputs.stopped or backwards)
        if self.mode is Mode.HELP_NEEDED:
            return self._nothing()
        blind = inputs.unusable([a.spec.arm for a in self._arms], self._config.fresh_s)
        if blind:
            return self._wait(inputs.now_ns, blind)
        self._seen_ns = inputs.now_ns
        return self._act(inputs, self._look(inputs))

    def call(self, now_ns: int, why: str) -> None:
        """Nothing moves any more, and a person is needed to begin the next episode."""
        if self.mode is not Mode.HELP_NEEDED:
            self._enter(Mode.HELP_NEEDED, now_ns, why)

    def _begin(self, now_ns: int) -> None:
        self._enter(Mode.PRACTICE, now_ns)
        self._trouble, self._ended, self.tries = Trouble.NONE, False, 0
        self._seen_ns = self._heard_ns = now_ns
        for arm in self._arms:
            arm.forget()

    def _wait(self, now_ns: int, blind: str) -> Decision:
        """Nothing moves without its senses; if they stay away, a person is called."""
        for arm in self._arms:
            arm.look_away()
        if now_ns - self._seen_ns > self._config.blind_s * 1e9:
            self.call(now_ns, blind)
        return self._nothing()

    def _look(self, inputs: Inputs) -> Trouble:
        assert inputs.executed is not None
        found, start, ours = Trouble.NONE, 0, inputs.executed.source in _OURS and not inputs.began
        for arm in self._arms:
            state, value = inputs.states[arm.spec.arm], inputs.executed.value[start : start + arm.spec.size]
            start += arm.spec.size
            seen = arm.see(state, value) if ours else arm.look_away()
            found = seen if found is Trouble.NONE else found
            if self.mode is Mode.PRACTICE:
                arm.remember(state)
        return found

    def _act(self, inputs: Inputs, trouble: Trouble) -> Decision:
        if self.mode is Mode.PRACTICE and trouble is not Trouble.NONE:
            self._trouble = trouble
            self._enter(Mode.STUCK, inputs.now_ns, trouble.value)
        if self.mode in (Mode.PRACTICE, Mode.STUCK) and self._ended:
            self._leave(inputs)
        elif self.mode is Mode.RECOVER:
            self._recover(inputs)
        elif self.mode is Mode.RESET and not self._there(inputs):
            late = self._overdue(inputs.now_ns, self._config.reset_s)
            if late or trouble in _BLOCKED:
                self._try(inputs, "the way to the start takes too long" if late else trouble.value)
        return self._decide(inputs)

    def _leave(self, inputs: Inputs) -> None:
        """The attempt is over: get free where it was stuck, else go straight to the next start."""
        for arm in self._arms:
            arm.aim(self._seed)
            arm.look_away()
        if self._trouble in _BLOCKED:
            self._try(inputs, self._trouble.value)
        else:
            self._enter(Mode.RESET, inputs.now_ns, self._trouble.value)

    def _recover(self, inputs: Inputs) -> None:
        if all(arm.free(inputs.states[arm.spec.arm]) for arm in self._arms):
            self._enter(Mode.RESET, inputs.now_ns)
        elif self._overdue(inputs.now_ns, self._config.recover_s):
            self._try(inputs, self.reason)

    def _try(self, inputs: Inputs, reason: str) -> None:
        """Begin a try to get free, or call a person after the last."""
        if self.tries >= self._config.tries:
            self.call(inputs.now_ns, f"{reason}; {self.tries} tries to get free have failed")
            return
        self.tries += 1
        self._enter(Mode.RECOVER, inputs.now_ns, reason)
        for arm in self._arms:
            arm.get_free_from(inputs.states[arm.spec.arm])

    def _decide(self, inputs: Inputs) -> Decision:
        self._steps += 1
        if self.mode is Mode.RESET and self._there(inputs):
            return Decision(self.mode, start=True)
        if self.mode not in (Mode.RECOVER, Mode.RESET):
            return self._nothing()
        phase = float(np.random.default_rng([self._seed, self.tries]).uniform(0.0, 2.0 * np.pi))
        parts = []
        for arm in self._arms:
            state = inputs.states[arm.spec.arm]
            if self.mode is Mode.RECOVER:
                parts.append(arm.recovering(state, self.tries - 1, self._steps, phase))
            else:
                parts.append(arm.returning(state))
        return Decision(self.mode, np.concatenate(parts).astype(np.float32), reason=self.reason)

    def _there(self, inputs: Inputs) -> bool:
        return all(arm.there(inputs.states[arm.spec.arm]) for arm in self._arms)

    def _overdue(self, now_ns: int, seconds: float) -> bool:
        return now_ns - self._since_ns > seconds * 1e9

    def _enter(self, mode: Mode, now_ns: int, reason: str = "") -> None:
        self.mode, self.reason = mode, reason
        self._since_ns, self._steps = now_ns, 0

    def _nothing(self) -> Decision:
        return Decision(self.mode, reason=self.reason)
