"""Random and adversarial drives of a disturbed arm through `guard`, every call on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix, exp_so3, transform
from robot.core.types import RobotState, Source
from robot.limits import SafetyLimits
from robot.safety.guard import Ask, Reference, at_rest, guard
from robot.safety.reason import Reason


@dataclass(frozen=True)
class Call:
    """One call of `guard` and what it returned."""

    now_ns: int
    state: RobotState | None
    ask: Ask
    last: Reference
    limits: SafetyLimits
    dt_s: float
    scale: float
    out: Reference
    reasons: Reason


@dataclass
class Arm:
    """A measured arm that follows its reference as a disturbance lets it, and what is asked of it."""

    random: np.random.Generator
    limits: SafetyLimits
    joints: int
    dt_s: float
    T: Matrix
    now_ns: int = 0
    scale: float = 1.0

    def __post_init__(self) -> None:
        U, _, V = np.linalg.svd(self.random.normal(size=(6, self.joints)), full_matrices=False)
        self.jacobian = (U * self.random.uniform(0.05, 1.5, 6)) @ V
        self.q0, self.T0 = self.random.uniform(-1.8, 1.8, self.joints), self.T.copy()
        self.twist = np.zeros(6)

    def state(self, **changes: Any) -> RobotState:
        """The measurement of now."""
        way = np.r_[self.T[:3, 3] - self.T0[:3, 3], 0, 0, 0]
        q = np.asarray(self.q0 + np.linalg.pinv(self.jacobian) @ way, dtype=np.float32)
        zero, six = np.zeros(self.joints, np.float32), np.zeros(6, np.float32)
        measured = RobotState(self.now_ns, "arm", q, zero, zero, self.T.copy(), six, six, 0.04)
        return replace(measured, **{"jacobian": np.float32(self.jacobian)} | changes)

    def follow(self, T: Matrix, share: float) -> None:
        """Toward the reference."""
        self.T = transform(T[:3, :3], self.T[:3, 3] + share * (T[:3, 3] - self.T[:3, 3]))

    def full_speed(self) -> NDArray[np.float64]:
        """A random twist, up to four times too fast."""
        return self._direction() * self.random.uniform(0.0, 4.0)

    def _direction(self) -> NDArray[np.float64]:
        speeds = np.repeat([self.limits.speed_mps, self.limits.turn_speed_radps], 3)
        return self.random.uniform(-1, 1, 6) * speeds


Moment = tuple[RobotState | None, Ask]
Play = Callable[[Arm, int], Moment]  # the arm, and the how-manieth call of this segment


def _asked(a: Arm, twist: NDArray[np.float64], **state: Any) -> Moment:
    return a.state(**state), Ask(a.now_ns, twist)


def _noise(a: Arm, k: int) -> Moment:
    return _asked(a, a.full_speed())


def _steady(a: Arm, k: int) -> Moment:
    a.twist = a.full_speed() if k == 0 else a.twist
    return _asked(a, a.twist)


def _reverse(a: Arm, k: int) -> Moment:
    a.twist = a._direction() * 4 if k == 0 else -a.twist if k % 6 == 0 else a.twist
    return _asked(a, a.twist)


def _charge(a: Arm, k: int) -> Moment:
    if k == 0:  # a wall, an edge or a corner, and a way to tilt
        a.twist = a.random.choice([-3.0, 0.0, 3.0], 6) * np.abs(a._direction() + 1e-3)
    return _asked(a, a.twist)


def _creep(a: Arm, k: int) -> Moment:
    a.twist = a._direction() * 10.0 ** a.random.uniform(-9, -1) if k == 0 else a.twist
    return _asked(a, a.twist)


def _pushed(a: Arm, k: int) -> Moment:
    if k == 0:
        a.T[:3, 3] += a.random.uniform(-2, 2, 3) * a.limits.leash_m
        a.T[:3, :3] = exp_so3(a.random.uniform(-2, 2, 3) * a.limits.leash_rad) @ a.T[:3, :3]
    return _steady(a, k)


def _huge(a: Arm, k: int) -> Moment:
    return _asked(a, a.random.choice([-1e308, 1e160, 1e30, 1e-300, 0.0], 6))


def _bad_ask(a: Arm, k: int) -> Moment:
    twist = a.full_speed()
    twist[a.random.integers(6)] = a.random.choice([np.nan, np.inf, -np.inf])
    return _asked(a, twist)


def _bad_state(a: Arm, k: int) -> Moment:
    state = a.state()
    name = str(a.random.choice(["q", "dq", "T_base_tcp", "twist", "wrench", "jacobian"]))
    broken = np.array(getattr(state, name))
    broken[tuple(a.random.integers(n) for n in broken.shape)] = a.random.choice(
        [np.nan, np.inf, -np.inf, 1e30]
    )
    return replace(state, **{name: broken}), Ask(a.now_ns, a.full_speed())


def _clocks(a: Arm, k: int) -> Moment:
    off = [int(1e9 * a.random.choice([-10.0, -0.2, -0.02, 0.0, 0.02, 0.2, 10.0])) for _ in range(2)]
    return a.state(stamp_ns=a.now_ns + off[0]), Ask(a.now_ns + off[1], a.full_speed())


def _degenerate(a: Arm, k: int) -> Moment:
    weak = a.jacobian.copy()
    kind = a.random.integers(4)
    weak[: a.random.integers(1, 7)] *= [0.0, 1e-4, 1e-2, 100.0][kind]
    return _asked(a, a.full_speed(), jacobian=np.float32(weak))


def _wrench(a: Arm, k: int, share: float) -> Moment:
    way = a.random.normal(size=(2, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    wrench = np.r_[way[0] * a.limits.force_n, way[1] * a.limits.torque_nm] * a.random.uniform(0.5, share)
    return _asked(a, a.full_speed(), wrench=np.float32(wrench))


def _slower(a: Arm, k: int) -> Moment:
    a.scale = float(a.random.choice([1.0, 0.5, 0.1, 0.0, -1.0, np.nan, 7.0])) if k == 0 else a.scale
    return _steady(a, k)


def _tighter(a: Arm, k: int) -> Moment:
    if k == 0:
        middle = (np.add(a.limits.workspace_low_m, a.limits.workspace_high_m)) / 2
        half = np.subtract(a.limits.workspace_high_m, middle) * 0.8
        box = {"workspace_low_m": tuple(middle - half), "workspace_high_m": tuple(middle + half)}
        rates = ("speed_mps", "acceleration_mps2", "tilt_rad", "leash_m", "turn_acceleration_radps2")
        a.limits = replace(a.limits, **box, **{n: getattr(a.limits, n) * 0.7 for n in rates})
    return _steady(a, k)


def _human(a: Arm, k: int) -> Moment:
    return a.state(), Ask(a.now_ns, a.full_speed(), Source.HUMAN, bool(a.random.integers(2)))


PLAYS: dict[str, Play] = {
    "noise": _noise,
    "steady": _steady,
    "reverse": _reverse,
    "charge": _charge,
    "creep": _creep,
    "pushed": _pushed,
    "blocked": _charge,
    "huge": _huge,
    "not finite": _bad_ask,
    "bad state": _bad_state,
    "no state": lambda a, k: (None, Ask(a.now_ns, a.full_speed())),
    "clocks": _clocks,
    "clock back": _steady,
    "degenerate": _degenerate,
    "no jacobian": lambda a, k: _asked(a, a.full_speed(), jacobian=None),
    "force": lambda a, k: _wrench(a, k, 1.19),
    "hard push": lambda a, k: _wrench(a, k, 6.0),
    "slower": _slower,
    "tighter": _tighter,
    "human": _human,
    "device lost": lambda a, k: (a.state(), Ask(a.now_ns, a.full_speed(), devices_ok=False)),
}


def drive(a: Arm, segments: list[tuple[str, int]], last: Reference | None = None) -> Iterator[Call]:
    """Play the segments, (name in PLAYS, calls), each call from the last one's output."""
    last = last or at_rest(a.state())
    for name, calls in segments:
        share = 0.0 if name == "blocked" else float(a.random.uniform(0.2, 1.0))
        for k in range(calls):
            back = name == "clock back" and k == 0
            a.now_ns += -int(3e7) if back else round(a.dt_s * 1e9)
            state, ask = PLAYS[name](a, k)
            out, reasons = guard(a.now_ns, state, ask, last, a.limits, a.dt_s, a.scale)
            yield Call(a.now_ns, state, ask, last, a.limits, a.dt_s, a.scale, out, reasons)
            last = out
            a.follow(out.T_base_tcp, share)
