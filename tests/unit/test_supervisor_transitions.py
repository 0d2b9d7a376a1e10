"""Every transition of practice without a person, whatever the inputs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.autonomy.config import AutonomyConfig
from robot.autonomy.inputs import Inputs
from robot.autonomy.mode import FOLLOWS, Mode
from robot.core.se3 import transform
from robot.core.types import Action, Source
from robot.safety.reason import Reason
from tests.unit.safety_cases import DOWN, MIDDLE, arm
from tests.unit.unattended_cell import PERIOD_NS, PRESS, REST, FakeCell, supervisor


@dataclass(frozen=True)
class Told:
    """One control step of anything that can happen."""

    passed_ns: int
    state: str
    executed: str
    source: Source
    safety: Reason
    press: float
    move_m: tuple[float, float, float]
    force_n: float
    event: str

    def inputs(self, now_ns: int, position: np.ndarray) -> Inputs:
        age_ns = {"old": 10**9, "future": -(10**9)}.get(self.state, 0)
        T = transform(DOWN, position)
        if self.state == "nan":
            T[0, 3] = np.nan
        wrench = np.array([0, 0, -self.force_n, 0, 0, 0], np.float32)
        state = arm(now_ns - age_ns, T, wrench=wrench)
        value = np.full(5, np.nan, np.float32) if self.executed == "nan" else self.press * PRESS
        stamp = now_ns - 10**9 if self.executed == "old" else now_ns
        action = Action(stamp, value, REST, REST, self.source, safety=int(self.safety))
        return Inputs(
            now_ns,
            {} if self.state == "missing" else {"arm": state},
            None if self.executed == "missing" else action,
            began=self.event == "began",
            ended=self.event == "ended",
            seed=3,
            stop="a person pressed stop" if self.event == "stop" else "",
        )

    @property
    def sees(self) -> bool:
        """Whether everything is there, fresh and a number."""
        blinds = Reason.STALE_STATE | Reason.DEVICE_LOST | Reason.NOT_FINITE | Reason.CLOCK_BACKWARDS
        return self.state == "fresh" and self.executed == "fresh" and not self.safety & blinds


SAFETY = [Reason(0)] * 6 + [
    Reason.STALE_STATE,
    Reason.DEVICE_LOST,
    Reason.STOPPED,
    Reason.FORCE,
    Reason.LEASH,
]
MOSTLY_STILL = st.sampled_from([(0.0, 0.0, 0.0)] * 6 + [(0.0, 0.0, 0.008), (0.03, 0.0, 0.0)])
TOLD = st.builds(
    Told,
    passed_ns=st.sampled_from([PERIOD_NS] * 8 + [0, 10 * PERIOD_NS, -PERIOD_NS]),
    state=st.sampled_from(["fresh"] * 20 + ["missing", "old", "future", "nan"]),
    executed=st.sampled_from(["fresh"] * 20 + ["missing", "old", "nan"]),
    source=st.sampled_from([Source.POLICY] * 4 + list(Source)),
    safety=st.sampled_from(SAFETY),
    press=st.sampled_from([0.0, 1.0, 1.0, 1.0]),
    move_m=MOSTLY_STILL,
    force_n=st.sampled_from([0.0, 20.0]),
    event=st.sampled_from([""] * 12 + ["ended"] * 3 + ["began", "stop"]),
)
BEGAN = Told(0, "fresh", "fresh", Source.RESET, Reason(0), 0.0, (0.0, 0.0, 0.0), 0.0, "began")
QUICK = AutonomyConfig(stuck_steps=3, jam_steps=2, recover_s=0.5, reset_s=1.0, tries=2, blind_s=0.4)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(TOLD, st.integers(1, 8)), max_size=25))
def test_no_motion_without_senses_after_a_stop_or_beyond_its_bounds(story: list[tuple[Told, int]]) -> None:
    supervised, now_ns, position = supervisor(QUICK), 10**10, MIDDLE.copy()
    supervised.advance(BEGAN.inputs(now_ns, position))
    stopped, moving_s = False, 0.0
    for told, times in story:
        for _ in range(times):
            before, tries = supervised.mode, supervised.tries
            now_ns += told.passed_ns
            position = position + told.move_m
            decision = supervised.advance(told.inputs(now_ns, position))
            after = supervised.mode
            stop = told.event == "stop" or (told.executed != "missing" and Reason.STOPPED in told.safety)
            stopped = stop or (stopped and told.event != "began")
            if decision.value is not None:
                assert after in (Mode.RECOVER, Mode.RESET)
                assert told.sees
                assert np.isfinite(decision.value).all()
                assert np.abs(decision.value).max() <= 1.0
            if stopped:
                assert after is Mode.HELP_NEEDED
                assert decision.value is None
                assert not decision.start
            assert tries <= QUICK.tries
            if told.event != "began":
                assert after is before or _reachable(before, after)
            moving_s = 0.0 if after is not before or supervised.tries != tries else moving_s
            moving_s += max(0.0, told.passed_ns * 1e-9)
            if decision.value is not None and not decision.start:
                assert moving_s <= (QUICK.recover_s if after is Mode.RECOVER else QUICK.reset_s) + 1.0 + 1e-6


def _reachable(before: Mode, after: Mode) -> bool:
    """In one control step an attempt may get stuck, end, and be on its way."""
    onward = {before} | FOLLOWS[before] - {Mode.PRACTICE}
    for _ in range(2):
        onward |= {m for b in onward for m in FOLLOWS[b] if m is not Mode.PRACTICE}
    return after in onward


@pytest.mark.parametrize("mode", list(Mode))
def test_from_every_mode_a_persons_stop_holds(mode: Mode) -> None:
    cell = reach(mode)
    assert cell.supervisor.mode is mode
    held: list[Any] = [cell.step(stop="a person pressed stop")]
    held += [cell.step(PRESS, ended=step == 3) for step in range(30)]
    assert all(d.mode is Mode.HELP_NEEDED and d.value is None and not d.start for d in held)
    assert cell.step(source=Source.RESET, began=True).mode is Mode.PRACTICE


def reach(mode: Mode) -> FakeCell:
    """A cell in the mode."""
    cell = FakeCell()
    cell.held = mode in (Mode.STUCK, Mode.RECOVER)
    while cell.held and cell.supervisor.mode is Mode.PRACTICE:
        cell.step(PRESS)
    if mode in (Mode.RECOVER, Mode.RESET):
        cell.step(PRESS, ended=True)
    if mode is Mode.HELP_NEEDED:
        cell.step(stop="the camera is gone")
    return cell
