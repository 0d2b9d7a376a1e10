"""Short deterministic examples of the rules of the safety layer; each runs against any copy of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import exp_so3, transform
from robot.core.types import RobotState, Source
from robot.limits import SafetyLimits
from robot.safety.reason import Reason
from tests.unit.safety_cases import DOWN, MIDDLE, PERIOD_S, arm, limits

NOW_NS = 1_000_000_000
X, Z, TURN_X = np.eye(6)[0], np.eye(6)[2], np.eye(6)[3]
REST = np.zeros(6)
HERE = transform(DOWN, MIDDLE)


def at(x: float) -> NDArray[np.float64]:
    """Upright, and ``x`` metres from the middle along x."""
    return transform(DOWN, MIDDLE + np.array([x, 0.0, 0.0]))


@dataclass(frozen=True)
class Layer:
    """The modules of one copy of the safety layer."""

    guard: ModuleType
    jerk_limit: ModuleType

    def once(self, x: SafetyLimits, *, now_ns: int = NOW_NS, **given: Any) -> tuple[Any, Reason]:
        """One call at rest in the middle; by name what shall be otherwise."""
        state = given.pop("state", arm(NOW_NS))
        last = given.pop("last", None) or self.guard.Reference(NOW_NS, HERE)
        scale = given.pop("scale", 1.0)
        ask = self.guard.Ask(**{"stamp_ns": NOW_NS, "twist": 1e-3 * X} | given)
        return self.guard.guard(now_ns, state, ask, last, x, PERIOD_S, scale)

    def run(
        self,
        x: SafetyLimits,
        twists: list[NDArray[np.float64]],
        start: NDArray[np.float64] = HERE,
        **state: Any,
    ) -> list[tuple[Any, Reason]]:
        """An arm that follows at once, unless ``state`` says where it is."""
        last, done, now_ns = self.guard.Reference(0, start), [], 0
        for twist in twists:
            now_ns += 10_000_000
            seen = arm(now_ns, **{"T": last.T_base_tcp} | state)
            last, why = self.guard.guard(now_ns, seen, self.guard.Ask(now_ns, twist), last, x, PERIOD_S)
            done.append((last, why))
        return done


def _reason(layer: Layer, reason: Reason, **given: Any) -> None:
    out, why = layer.once(limits(), **given)
    assert reason in why, why
    assert not out.twist.any()


def untouched(layer: Layer) -> None:
    """Nothing is wrong: followed to the bit."""
    out, why = layer.once(limits())
    assert why == 0
    assert out.twist.tobytes() == (1e-3 * X).tobytes()
    calls = layer.run(limits(), [0.025 * X, 0.065 * X])
    assert [why for _, why in calls] == [0, 0]
    assert calls[-1][0].stamp_ns == 20_000_000


def hold_rules(layer: Layer) -> None:
    """Each line of the table."""
    _reason(layer, Reason.NOT_FINITE, twist=np.full(6, np.nan))
    _reason(layer, Reason.CLOCK_BACKWARDS, stamp_ns=NOW_NS + 6_000_000)
    _reason(layer, Reason.CLOCK_BACKWARDS, last=layer.guard.Reference(NOW_NS + 1, HERE))
    assert layer.once(limits(), last=layer.guard.Reference(NOW_NS + 1, HERE))[0].stamp_ns == NOW_NS + 1
    _reason(layer, Reason.STALE_COMMAND, stamp_ns=NOW_NS - 160_000_000)
    _reason(layer, Reason.STALE_STATE, state=None)
    _reason(layer, Reason.NOT_ENGAGED, source=Source.HUMAN)
    _reason(layer, Reason.DEVICE_LOST, devices_ok=False)
    assert layer.once(limits(), source=Source.HUMAN, engaged=True)[1] == 0


def states_not_used(layer: Layer) -> None:
    """Stale, future, NaN in any part, absurd, no rotation."""
    bad: list[RobotState] = [arm(NOW_NS - 60_000_000), arm(NOW_NS + 6_000_000), arm(NOW_NS, np.zeros((4, 4)))]
    for name in ("q", "dq", "T_base_tcp", "twist", "wrench", "jacobian"):
        values = np.array(getattr(arm(), name))
        values.flat[0] = np.nan
        bad.append(arm(NOW_NS, **({"T": values} if name == "T_base_tcp" else {name: values})))
    bad.append(arm(NOW_NS, jacobian=np.full((6, 7), 1e10, np.float32)))
    for state in bad:
        _reason(layer, Reason.STALE_STATE, state=state)


def hard_pushes(layer: Layer) -> None:
    """Stopped, latched; without a Jacobian also beyond a joint's margin."""
    for wrench in ([0, 0, 61, 0, 0, 0], [0, 0, 0, 0, 13, 0]):
        out, why = layer.once(limits(), state=arm(NOW_NS, wrench=np.array(wrench, np.float32)))
        assert Reason.STOPPED in why
        assert out.stopped
        assert not out.twist.any()
        again, why = layer.once(limits(), last=out)
        assert again.stopped == out.stopped
        assert Reason.STOPPED in why
        assert not again.twist.any()
    joints = np.zeros(7, np.float32)
    for q in (-1.96, 1.96):
        joints = np.array([0, q, 0, 0, 0, 0, 0], np.float32)
        assert layer.once(limits(), state=arm(NOW_NS, q=joints, jacobian=None))[0].stopped
    assert not layer.once(limits(), state=arm(NOW_NS, jacobian=None))[0].stopped
    assert not layer.once(limits(), state=arm(NOW_NS, q=joints))[0].stopped


def retreat(layer: Layer) -> None:
    """Along the push, in the base frame, without turning; a torque stops the turns against it alone."""
    push = np.array([0, 0, 31, 0, 0, 0], np.float32)
    calls = layer.run(limits(), [X + TURN_X] * 20, wrench=push)
    assert all(Reason.FORCE in why for _, why in calls)
    np.testing.assert_allclose(calls[-1][0].twist, -0.05 * Z, atol=1e-12)
    twist = np.array([0, 0, 0, 0, 6.5, 0], np.float32)
    turn_y = np.eye(6)[4]  # the tool points down: its +y is the base's -y
    for turn, left in ((turn_y, 0.0), (-turn_y, 0.01), (TURN_X, 0.01)):
        calls = layer.run(limits(), [0.01 * X + 0.01 * turn] * 20, wrench=twist)
        assert all(Reason.TORQUE in why for _, why in calls)
        np.testing.assert_allclose(calls[-1][0].twist, 0.01 * X + left * turn, atol=1e-12)


def drag(layer: Layer) -> None:
    """The reference comes back into the leash of an arm that was pushed away."""
    away = transform(exp_so3([0.25, 0, 0]) @ DOWN, at(0.03)[:3, 3])
    for T, part, leash in (
        (transform(DOWN, away[:3, 3]), 0, 0.02),
        (transform(away[:3, :3], MIDDLE), 1, 0.2),
    ):
        calls = layer.run(limits(), [REST] * 80, T=T)  # the arm stays there
        assert Reason.LEASH in calls[0][1]
        last = calls[-1][0].T_base_tcp
        turn = np.arccos(min(1.0, (np.trace(last[:3, :3] @ T[:3, :3].T) - 1) / 2))
        far = (np.linalg.norm(last[:3, 3] - T[:3, 3]), turn)[part]
        assert far < leash * 1.02


def blocked(layer: Layer) -> None:
    """The reference of an arm that does not move stays within its leash."""
    for way, leash in ((X, 0.02), (TURN_X, 0.2)):
        calls = layer.run(limits(), [way * 0.2] * 130, T=HERE)
        last = calls[-1][0].T_base_tcp
        turn = np.arccos(min(1.0, (np.trace(last[:3, :3] @ DOWN.T) - 1) / 2))
        assert max(np.linalg.norm(last[:3, 3] - MIDDLE) / 0.02, turn / 0.2) < 1.0 + 1e-5
        assert any(Reason.LEASH in why for _, why in calls), leash
