"""What an unattended cell knows at one control step, and whether that is enough to move on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from robot.core.types import Action, RobotState
from robot.safety.reason import Reason

_FUTURE_S = 0.005
_BLINDS = Reason.NOT_FINITE | Reason.CLOCK_BACKWARDS | Reason.STALE_STATE | Reason.DEVICE_LOST


@dataclass(frozen=True)
class Inputs:
    """One control step. Stamps are of one clock."""

    now_ns: int
    states: Mapping[str, RobotState]  # by arm; one that was not heard is not in it
    executed: Action | None  # in the control step that ended now
    began: bool = False  # the cell says that an episode begins here
    ended: bool = False  # the attempt is over, whoever ended it
    seed: int = 0  # of the next start, where one ended
    stop: str = ""  # a person's stop or a lost device, in words

    @property
    def stopped(self) -> str:
        """Why only a person may let the arms move again; empty while none is needed."""
        held = self.executed is not None and Reason.STOPPED in Reason(self.executed.safety)
        return self.stop or ("the safety layer has stopped the arm" if held else "")

    def unusable(self, arms: Sequence[str], fresh_s: float) -> str:
        """What is missing, old or no number; empty when every arm is known and nothing blinds the cell."""
        if self.executed is None or not np.isfinite(self.executed.value).all():
            return "what was executed is not known"
        if Reason(self.executed.safety) & _BLINDS:
            return "the safety layer holds: " + ", ".join(Reason(self.executed.safety).names)
        stamps = {"what was executed": self.executed.stamp_ns}
        stamps |= {f"arm {a}": s.stamp_ns for a, s in self.states.items()}
        missing = [a for a in arms if a not in self.states]
        missing += [a for a in arms if a in self.states and not _finite(self.states[a])]
        if missing:
            return f"no measurement of arm {missing[0]}"
        ages_s = {name: (self.now_ns - stamp) * 1e-9 for name, stamp in stamps.items()}
        old = [f"{n} is {age:.2f} s old" for n, age in ages_s.items() if not -_FUTURE_S <= age <= fresh_s]
        return "; ".join(old)


def _finite(state: RobotState) -> bool:
    parts = (state.T_base_tcp, state.twist, state.wrench, np.array(state.gripper_width))
    return all(np.isfinite(p).all() for p in parts)
