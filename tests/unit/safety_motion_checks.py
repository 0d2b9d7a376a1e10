"""Short deterministic examples of what keeps a motion inside its limits; see safety_rule_checks."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import exp_so3, transform
from robot.safety.reason import Reason
from tests.unit.safety_cases import DOWN, MIDDLE, PERIOD_S, arm, limits
from tests.unit.safety_rule_checks import HERE, NOW_NS, REST, TURN_X, Layer, X, Z, at


def _norms(calls: list[tuple[Any, Reason]]) -> NDArray[np.float64]:
    """Speed, acceleration and jerk [N, 3, 2], linear and angular, by differences of the twists."""
    v = np.array([REST] * 3 + [out.twist for out, _ in calls])
    a = np.diff(v, axis=0) / PERIOD_S
    j = np.diff(a, axis=0) / PERIOD_S
    rows = (v[3:], a[2:], j[1:])
    return np.stack([np.linalg.norm(r.reshape(-1, 2, 3), axis=2) for r in rows], axis=1)


def speeds(layer: Layer) -> None:
    """Speed, acceleration and jerk, each of them up to its limit and no further, and told."""
    for jerk, turn_jerk in ((300.0, 800.0), (4500.0, 8000.0)):
        x = limits(tilt_rad=3.0, leash_m=1.0, leash_rad=2.0, jerk_mps3=jerk, turn_jerk_radps3=turn_jerk)
        for way in (X, 9 * TURN_X):
            calls = layer.run(x, [way * 0.2] * 12 + [-way * 0.2] * 20 + [REST] * 15)
            top = np.array(
                [
                    [x.speed_mps, x.turn_speed_radps],
                    [x.acceleration_mps2, x.turn_acceleration_radps2],
                    [x.jerk_mps3, x.turn_jerk_radps3],
                ]
            )
            assert (_norms(calls) <= top * (1 + 1e-6)).all()
            assert not calls[-1][0].twist.any()
            for (out, why), asked in zip(
                calls, [way * 0.2] * 12 + [-way * 0.2] * 20 + [REST] * 15, strict=True
            ):
                assert why or np.array_equal(out.twist, asked)
    for way in (2 * X, 9 * TURN_X):
        assert Reason.SPEED in layer.once(limits(), twist=way)[1]
    assert Reason.ACCELERATION in layer.once(limits(), twist=0.06 * X)[1]
    assert Reason.JERK in layer.once(limits(), twist=0.04 * X)[1]
    assert Reason.ACCELERATION not in layer.once(limits(), twist=0.04 * X)[1]


def scales(layer: Layer) -> None:
    """Lowered by the rig and by people near; NaN is none."""
    for x, scale, top in (
        (limits(speed_scale=0.1), 1.0, 0.025),
        (limits(), 0.1, 0.025),
        (limits(), 9.0, 0.25),
        (limits(), math.nan, 0.0),
        (limits(), -1.0, 0.0),
    ):
        motion = layer.jerk_limit.Motion((top, 0.0, 0.0))
        out, why = layer.once(x, twist=X, last=layer.guard.Reference(NOW_NS, HERE, motion), scale=scale)
        np.testing.assert_allclose(out.twist, top * X, atol=1e-12)
        assert Reason.SPEED in why


def walls(layer: Layer) -> None:
    """Each of the six, at full speed, and the reason; a tiny ask does not creep through."""
    x = limits(leash_m=1.0)
    half = np.array([0.2, 0.3, 0.25])
    for axis in range(3):
        for sign in (1.0, -1.0):
            start = transform(DOWN, MIDDLE + sign * np.eye(3)[axis] * (half[axis] - 0.03))
            calls = layer.run(x, [sign * np.eye(6)[axis] * 0.25] * 30, start)
            assert np.abs(calls[-1][0].T_base_tcp[:3, 3] - MIDDLE)[axis] <= half[axis] + 1e-8
            assert any(Reason.WORKSPACE in why for _, why in calls)
    at_wall = at(0.2)
    calls = layer.run(x, [9e-8 * X] * 40, at_wall)
    assert calls[-1][0].T_base_tcp[0, 3] <= 0.7 + 2e-9
    for sign in (1.0, -1.0):  # pushed out: back, and no further
        outside = at(sign * 0.25)
        back, on = (layer.run(x, [way * sign * 0.01 * X] * 3, outside)[-1][0].T_base_tcp for way in (-1, 1))
        assert abs(back[0, 3] - 0.5) < 0.25
        assert on[0, 3] == outside[0, 3]


def slides(layer: Layer) -> None:
    """What leads along a wall, round the cone or sideways on the leash stays."""
    at_wall = at(0.2)
    for sign, wall in ((1.0, at_wall), (-1.0, at(-0.2))):
        assert layer.run(limits(), [sign * 0.1 * X + 0.1 * Z] * 12, wall)[-1][0].twist[2] > 0.09
    tilted = transform(exp_so3([0.4999, 0, 0]) @ DOWN, MIDDLE)
    assert layer.run(limits(), [0.3 * TURN_X + 0.3 * np.eye(6)[5]] * 8, tilted)[-1][0].twist[5] > 0.05
    turned = transform(exp_so3([0.1999, 0, 0]) @ DOWN, MIDDLE)
    assert layer.run(limits(), [0.2 * TURN_X + 0.2 * np.eye(6)[5]] * 8, turned, T=HERE)[-1][0].twist[5] > 0.05
    ahead = at(0.0199)
    assert layer.run(limits(), [0.02 * X + 0.02 * Z] * 8, ahead, T=HERE)[-1][0].twist[2] > 0.005
    leashes(layer)


def leashes(layer: Layer) -> None:
    """At the end of one leash the other is still free."""
    both = 0.02 * X + 0.1 * TURN_X
    far = transform(exp_so3([0.05, 0, 0]) @ DOWN, at(0.0199)[:3, 3])
    assert layer.run(limits(), [both] * 8, far, T=HERE)[-1][0].twist[3] > 0.05
    pressed = [-0.1 * Z] * 60 + [-0.1 * Z + 0.05 * X] * 60  # on a table, then also along it
    calls = layer.run(limits(), pressed, T=HERE)
    assert calls[-1][0].T_base_tcp[0, 3] - HERE[0, 3] > 0.007
    wound = [0.5 * TURN_X] * 60 + [0.5 * TURN_X + 0.3 * np.eye(6)[5]] * 80
    turned = layer.run(limits(), wound, T=HERE)[-1][0].T_base_tcp[:3, :3] @ HERE[:3, :3].T
    assert abs(turned[1, 0] - turned[0, 1]) / 2 > 0.07
    turned = transform(exp_so3([0.1995, 0, 0]) @ DOWN, at(0.005)[:3, 3])
    assert layer.run(limits(), [both] * 8, turned, T=HERE)[-1][0].twist[0] > 0.01


def tilts(layer: Layer) -> None:
    """The tilt cone, and the reason."""
    calls = layer.run(limits(leash_rad=3.0), [TURN_X] * 80)
    assert math.acos(-calls[-1][0].T_base_tcp[2, 2]) <= 0.5 + 3e-7
    assert any(Reason.TILT in why for _, why in calls)
    outside = transform(exp_so3([0.6, 0, 0]) @ DOWN, MIDDLE)
    back, on = (layer.run(limits(), [way * 0.05 * TURN_X] * 3, outside)[-1][0].T_base_tcp for way in (-1, 1))
    assert back[2, 2] < on[2, 2] == outside[2, 2]


def joints(layer: Layer) -> None:
    """Positions at both ends, speeds, and a reference beyond an end comes back."""
    for sign in (1.0, -1.0):
        q = np.array([sign * 1.94, 0, 0, 0, 0, 0, 0], np.float32)
        calls = layer.run(limits(leash_m=1.0), [sign * 0.1 * X] * 30, T=HERE, q=q)
        assert abs(calls[-1][0].T_base_tcp[0, 3] - 0.5) <= 0.01 + 1e-6
        assert any(Reason.JOINT_POSITION in why for _, why in calls)
        ahead = at(sign * 0.015)
        assert layer.run(limits(), [-sign * 0.005 * X] * 3, ahead, T=HERE, q=q)[-1][1] == 0
    slow = limits(joint_speed_radps=(0.05,) * 7)
    calls = layer.run(slow, [0.19 * X] * 20)
    np.testing.assert_allclose(calls[-1][0].twist, 0.05 * X, rtol=1e-3)
    assert Reason.JOINT_SPEED in calls[-1][1]
    motion = layer.jerk_limit.Motion((0.04, 0.0, 0.0), (5.0, 0.0, 0.0))  # it would swing past the limit
    for jacobian in (arm().jacobian, None):
        last = layer.guard.Reference(NOW_NS, HERE, motion)
        seen = arm(NOW_NS, jacobian=jacobian)
        _, why = layer.once(slow, twist=0.049 * X, last=last, state=seen)
        assert (Reason.JOINT_SPEED in why) == (jacobian is not None)


def singular(layer: Layer) -> None:
    """Every weak direction fades; the strong ones stay."""
    weak = np.float32(np.diag([0.0, 0.015, 1, 1, 1, 1]) @ np.eye(6, 7))
    calls = layer.run(
        limits(joint_speed_radps=(99.0,) * 7), [np.r_[0.01, 0.01, 0.01, 0, 0, 0]] * 9, jacobian=weak
    )
    np.testing.assert_allclose(calls[-1][0].twist, [0, 0.005, 0.01, 0, 0, 0], atol=1e-9)
    assert Reason.SINGULARITY in calls[-1][1]


def long_stops(layer: Layer) -> None:
    """A stop that nobody has seen the end of is refused."""
    box: dict[str, Any] = {"workspace_low_m": (-9.0, -9.0, -9.0), "workspace_high_m": (9.0, 9.0, 9.0)}
    slow: dict[str, Any] = {"acceleration_mps2": 0.005, "turn_acceleration_radps2": 0.005}
    x = limits(**box, **slow, leash_m=9.0, leash_rad=3.2, tilt_rad=3.2)
    motion = layer.jerk_limit.Motion((0.0, 0.0, 0.1))
    for moves in ({"linear": motion}, {"angular": motion}):
        last = layer.guard.Reference(NOW_NS, HERE, **moves)
        out, why = layer.once(x, twist=last.twist, last=last, state=arm(NOW_NS, jacobian=None))
        assert max(out.twist) < 0.1
        assert Reason.ACCELERATION in why


def told(layer: Layer) -> None:
    """Which of the two was too much, and a rest that comes later than asked."""

    def why(twist: float, v: float = 0.0, a: float = 0.0) -> Reason:
        motion = layer.jerk_limit.Motion((v, 0.0, 0.0), (a, 0.0, 0.0))
        last = layer.guard.Reference(NOW_NS, HERE, motion)
        return layer.once(limits(leash_m=1.0), twist=twist * X, last=last)[1]

    assert why(0.06) == Reason.ACCELERATION | Reason.JERK
    assert why(0.055, a=3.0) == Reason.ACCELERATION
    assert why(0.04) == Reason.JERK
    assert why(0.0, v=0.04, a=-5.0) == Reason.JERK


def swings(layer: Layer) -> None:
    """No acceleration is left that carries a velocity past its limit, past rest or past what was asked."""
    x = limits(leash_m=1.0, leash_rad=2.0, tilt_rad=3.0)
    for part, v, a, top in (("linear", 0.2, 5.0, 0.25), ("angular", 1.4, 10.0, 1.5)):
        last = layer.guard.Reference(
            NOW_NS, HERE, **{part: layer.jerk_limit.Motion((v, 0.0, 0.0), (a, 0.0, 0.0))}
        )
        for _ in range(4):
            last, _ = layer.once(x, twist=top * (X if part == "linear" else TURN_X), last=last)
            assert np.linalg.norm(last.twist) <= top + 1e-8
    assert abs(layer.run(x, [9 * TURN_X] * 24)[-1][0].twist[3] - 1.5) < 1e-9
    last = layer.guard.Reference(NOW_NS, HERE, layer.jerk_limit.Motion((0.25, 0.0, 0.0)))
    out, why = layer.once(x, twist=0.02 * X, last=last, scale=0.1)  # too fast since the scale is lower
    assert Reason.SPEED not in why  # slowing down is allowed
    assert out.twist[0] < 0.25


def rests(layer: Layer) -> None:
    """A stop is straight, in time, and ends."""
    rates = layer.jerk_limit.Rates(0.25, 5.0, 300.0)
    for v in np.linspace(0.01, 0.25, 13):
        path = layer.jerk_limit.stop(layer.jerk_limit.Motion((float(v), 0.0, 0.0)), rates, PERIOD_S)
        along = [v, *(p[0] for p in path), 0.0]
        assert len(path) <= (v / 5.0 + 5.0 / 300.0) / PERIOD_S + 2
        assert all(a > b - 1e-12 and b > -1e-12 for a, b in pairwise(along)), along
