"""One arm behind the safety layer: an action in once a control step, a reference out every guard period."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from robot.action_motion import ActionMotion
from robot.arms.driver import ArmDriver, ArmTarget
from robot.core.errors import ConfigError, DeviceLost
from robot.core.se3 import Matrix, difference
from robot.core.spec import ArmActionSpec
from robot.core.types import Array, RobotState, Source
from robot.limits import SafetyLimits
from robot.safety.guard import Ask, Reference, at_rest, guard, usable
from robot.safety.reason import HOLDS, Reason

log = logging.getLogger(__name__)

_NOTHING = Reason(0)
_GRIPPER_STEP_M = 0.04  # width a control step at full command
_GRIPPER_OPEN_M = 0.08
_HOMING_GAIN = 2.0  # 1/s
_HOMING_SHARE = 0.5  # of the speed limits
_THERE_M, _THERE_RAD = 0.002, 0.02


@dataclass(frozen=True)
class Executed:
    """What one arm did since the control step before."""

    value: Array  # [n] the arm's slice of the action, as it came through the safety layer
    source: Source
    reasons: Reason


class GuardedArm:
    """Moves one arm's reference by what it is commanded, through `robot.safety.guard`.

    Args:
        driver: a connected driver.
        spec: how this arm reads its slice of the action.
        control_period_s: of the actions.
        guard_period_s: of `tick`; divides the control period.
    """

    def __init__(
        self,
        driver: ArmDriver,
        spec: ArmActionSpec,
        limits: SafetyLimits,
        control_period_s: float,
        guard_period_s: float,
    ) -> None:
        self.driver, self.spec, self.limits = driver, spec, limits
        self._motion = ActionMotion(spec, control_period_s, guard_period_s)
        self._dt_s = guard_period_s
        self.lost = ""  # why the connection is gone; empty while it is there
        self.counts: Counter[str] = Counter()  # guard periods by reason
        self._reference: Reference | None = None
        self._kept_stop = ""  # why it is stopped, while there is no reference that says so
        self._home: Matrix | None = None
        self._measured_width_m = 0.0
        self._forget()

    @property
    def stopped(self) -> str:
        """Why the arm is stopped until a person clears it; empty while it may move."""
        return self._reference.stopped if self._reference else self._kept_stop

    @property
    def reference(self) -> Reference:
        """What was sent last."""
        if self._reference is None:
            raise DeviceLost(f"arm {self.spec.arm!r} was never heard: no reference yet")
        return self._reference

    @property
    def twist(self) -> NDArray[np.float64]:
        """[6] of the reference, base frame; zero while there is none."""
        return np.zeros(6) if self._reference is None else self._reference.twist

    def begin(self) -> None:
        """A new episode: nothing is under way any more. A moving arm comes to rest as smoothly as ever."""
        self._forget()

    def restart(self) -> None:
        """Start anew, at rest, from the first fresh measurement that a tick sees; a latched stop stays."""
        self._kept_stop, self._reference = self.stopped, None
        self._forget()

    def command(self, stamp_ns: int, value: Array, source: Source, engaged: bool) -> None:
        """The action of the control step that begins now; `value` [n] in [-1, 1]."""
        value = np.array(value, dtype=np.float32)
        value = np.where(np.isfinite(value), np.clip(value, -1.0, 1.0), np.nan).astype(np.float32)
        if not np.isfinite(value).all():
            log.error("arm %r: command %s is not finite: holding instead", self.spec.arm, value.tolist())
            # Who says NaN for the gripper alone is not to be trusted with the arm either.
            value = np.full_like(value, np.nan)
        self._value, self._source = value, source
        self._stamp_ns, self._engaged, self._idle = stamp_ns, engaged, False
        self._motion.take(value)
        self._grip = float(np.nan_to_num(value[-1])) if self.spec.gripper else 0.0

    def go_home(self, T_base_tcp: Matrix) -> None:
        """Move to a pose over the coming ticks, at reduced speed, until `at_home`."""
        self._home = T_base_tcp
        self._source, self._engaged = Source.RESET, False

    @property
    def at_home(self) -> bool:
        """Whether the last `go_home` has arrived; it ends with that."""
        if self._home is None or self._reference is None:
            return self._home is None
        translation, rotation = difference(self._reference.T_base_tcp, self._home)
        arrived = np.linalg.norm(translation) < _THERE_M and np.linalg.norm(rotation) < _THERE_RAD
        if arrived:
            self._home = None
        return bool(arrived)

    def tick(self, now_ns: int, devices_ok: bool = True, speed_scale: float = 1.0) -> Reason:
        """Send the reference of this guard period; returns what the safety layer changed."""
        state = self._read()
        self._move_gripper()
        if self.lost and self._usable(now_ns, state) is not None:  # until it knows where it is, it is lost
            log.warning("arm %r answers again", self.spec.arm)
            self.lost, self._kept_stop, self._reference = "", self.stopped, None
        if self._reference is None:
            if (first := self._usable(now_ns, state)) is None:
                self._note(Reason.STALE_STATE)
                return Reason.STALE_STATE
            self._reference = replace(at_rest(first), stopped=self._kept_stop)
        ask = self._ask(now_ns, self._reference, devices_ok)
        self._reference, reasons = guard(
            now_ns, state, ask, self._reference, self.limits, self._dt_s, speed_scale
        )
        fault = "" if self.lost else self.driver.fault()
        if fault and not self._reference.stopped:
            self._reference = replace(self._reference, stopped=fault)
        self._note(reasons)
        self._send(now_ns)
        return reasons

    def executed(self) -> Executed:
        """What was done since this was asked last: the command as it was taken, zero if the arm had to hold.

        A rule that only bends the motion is part of the world that is learned, and leaves the value alone:
        with the bent value the critic would never see what asking for more than a limit leads to.
        `Executed.reasons` tells of it.
        """
        reasons = self._reasons
        value = np.zeros_like(self._value) if reasons & HOLDS else self._value
        source = Source.HOLD if reasons & HOLDS or (self._idle and self._home is None) else self._source
        self._value = np.zeros(self.spec.size, np.float32)
        self._reasons, self._idle = _NOTHING, True
        return Executed(value, source, reasons)

    def state(self) -> RobotState | None:
        """The newest measurement; None while the connection is gone."""
        return self._read()

    def stop(self, why: str) -> None:
        """Stop until a person clears it."""
        if self.stopped:
            return
        if self._reference is None:
            self._kept_stop = why
        else:
            self._reference = replace(self._reference, stopped=why)

    def clear(self) -> None:
        """A person has looked: recover the driver if it needs it, and start from where the arm is.

        An arm that is not stopped goes on undisturbed, and one on its way home stays on it.
        """
        broken, home = bool(self.lost or self.driver.fault()), self._home
        if not broken and not self.stopped:
            return
        if broken:
            self.driver.recover()
            self.lost = ""
        self._let_go(broken)
        if home is not None:
            self.go_home(home)

    def _let_go(self, broken: bool) -> None:
        self._kept_stop = ""
        braking = self.twist.any() and not broken
        self._reference = replace(self.reference, stopped="") if braking else None  # a braking one: no jump
        self._forget()

    def _forget(self) -> None:
        self._value = np.zeros(self.spec.size, np.float32)
        self._source, self._engaged, self._stamp_ns = Source.HOLD, False, 0
        self._motion.drop()
        self._idle = True
        self._reasons = _NOTHING
        self._width_m: float | None = None
        self._grip = 0.0  # commanded for the fingers, and not yet added to their width
        self._told_stale_ns = 0
        self._home = None

    def _ask(self, now_ns: int, reference: Reference, devices_ok: bool) -> Ask:
        if self._home is not None:
            return Ask(now_ns, self._homing(reference), Source.RESET, devices_ok=devices_ok)
        twist = self._motion.next(reference.T_base_tcp[:3, :3])
        # A command that nobody followed up is reported as stale once; from then on rest is what is asked.
        stamp = now_ns if self._stamp_ns in (0, self._told_stale_ns) else self._stamp_ns
        return Ask(stamp, twist, self._source, self._engaged, devices_ok)

    def _homing(self, reference: Reference) -> NDArray[np.float64]:
        assert self._home is not None
        translation, rotation = (_HOMING_GAIN * e for e in difference(reference.T_base_tcp, self._home))
        linear = _at_most(translation, _HOMING_SHARE * self.limits.speed_mps)
        return np.concatenate([linear, _at_most(rotation, _HOMING_SHARE * self.limits.turn_speed_radps)])

    def _note(self, reasons: Reason) -> None:
        if not reasons:
            return
        self._reasons |= reasons
        self.counts.update(reasons.names)
        if reasons & Reason.STALE_COMMAND:
            self._told_stale_ns = self._stamp_ns
        if reasons & HOLDS:  # what was under way is not resumed, and the gripper is left alone
            self._motion.drop()
            self._width_m = None

    def _move_gripper(self) -> None:
        # In the tick, because only now the width is a measured one: before the first tick nobody has looked.
        if self._grip:
            width = self._width_m if self._width_m is not None else self._measured_width_m
            self._width_m = float(np.clip(width + self._grip * _GRIPPER_STEP_M, 0.0, _GRIPPER_OPEN_M))
            self._grip = 0.0

    def _read(self) -> RobotState | None:
        try:
            state = self.driver.state()
        except DeviceLost as error:
            self._lose(error)
            return None
        if np.isfinite(state.gripper_width):
            self._measured_width_m = state.gripper_width
        return state

    def _usable(self, now_ns: int, state: RobotState | None) -> RobotState | None:
        """A measurement that a reference can start from; ConfigError if the rig is of another arm."""
        if state is None or not usable(now_ns, state, self.limits):
            return None
        joints = len(self.limits.joint_low_rad)
        if len(state.q) != joints:
            problem = f"limits: {joints} joints, but arm {self.spec.arm!r} has {len(state.q)}"
            raise ConfigError([problem], "rig")
        return state

    def _send(self, now_ns: int) -> None:
        assert self._reference is not None
        if self.lost:
            return
        reference = self._reference
        try:
            self.driver.send(
                ArmTarget(now_ns, reference.T_base_tcp, reference.twist.astype(np.float32), self._width_m)
            )
        except DeviceLost as error:
            self._lose(error)

    def _lose(self, error: DeviceLost) -> None:
        if not self.lost:
            log.error("arm %r is lost: %s", self.spec.arm, error)
        self.lost = str(error)


def _at_most(vector: NDArray[np.float64], longest: float) -> NDArray[np.float64]:
    return vector * min(1.0, longest / max(float(np.linalg.norm(vector)), 1e-12))
