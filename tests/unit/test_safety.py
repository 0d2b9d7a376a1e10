"""The guard under random and adversarial drives: what it sends stays inside every limit, with a reason."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from robot.core.se3 import exp_so3, log_so3, transform
from robot.core.types import RobotState, Source
from robot.limits import SafetyLimits
from robot.safety.guard import Ask, Reference, at_rest, guard
from robot.safety.jerk_limit import ZERO, Rates, stop, toward
from robot.safety.reason import HOLDS, Reason
from robot.safety.stop_check import pseudo_inverse
from tests.unit.safety_cases import DOWN, MIDDLE, any_limits
from tests.unit.safety_drives import PLAYS, Arm, Call, drive

NOTHING = Reason(0)
CLOSE = 1e-6  # relative
QUICK = settings(deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow])
SEGMENTS = st.lists(st.tuples(st.sampled_from(sorted(PLAYS)), st.integers(3, 15)), min_size=1, max_size=5)
BENDS = Reason.SPEED | Reason.ACCELERATION | Reason.JERK | Reason.WORKSPACE | Reason.TILT | Reason.SINGULARITY


@st.composite
def arms(draw: st.DrawFn) -> Arm:
    """An arm with six or seven joints anywhere in its box, upright or not."""
    joints = draw(st.sampled_from([6, 7]))
    found = draw(any_limits(joints))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tilt = exp_so3([*(random.uniform(-0.7, 0.7, 2) * min(found.tilt_rad, 2.0)), random.uniform(-3, 3)])
    place = random.uniform(found.workspace_low_m, found.workspace_high_m)
    period_s = draw(st.sampled_from([0.004, 0.01, 0.02]))
    return Arm(random, found, joints, period_s, transform(tilt @ DOWN, place))


def rates(call: Call) -> tuple[Rates, Rates]:
    x = call.limits
    scale = x.speed_scale * (min(call.scale, 1.0) if call.scale > 0 else 0.0)
    return (
        Rates(x.speed_mps * scale, x.acceleration_mps2, x.jerk_mps3),
        Rates(x.turn_speed_radps * scale, x.turn_acceleration_radps2, x.turn_jerk_radps3),
    )


def steps(calls: list[Call]) -> NDArray[np.float64]:
    """The twists [N + 1, 6] by the poses that were sent; the first is rest."""
    poses = [calls[0].last.T_base_tcp] + [c.out.T_base_tcp for c in calls]
    moved = [np.r_[b[:3, 3] - a[:3, 3], log_so3(b[:3, :3] @ a[:3, :3].T)] for a, b in pairwise(poses)]
    return np.vstack([np.zeros(6), np.array(moved) / calls[0].dt_s])


def is_quickest_stop(call: Call) -> bool:
    before, after = (call.last.linear, call.last.angular), (call.out.linear, call.out.angular)
    return all(
        b.velocity == toward(a, ZERO, r, call.dt_s)
        for a, b, r in zip(before, after, rates(call), strict=True)
    )


def tilt(T: NDArray[np.float64], x: SafetyLimits) -> float:
    axis = np.array(x.tool_axis) / np.linalg.norm(x.tool_axis)
    return math.atan2(float(np.linalg.norm(np.cross(T[:3, 2], axis))), float(T[:3, 2] @ axis))


def outside(T: NDArray[np.float64], x: SafetyLimits) -> NDArray[np.float64]:
    return np.maximum(np.maximum(x.workspace_low_m - T[:3, 3], T[:3, 3] - x.workspace_high_m), 0.0)


def check_motion(calls: list[Call]) -> None:
    """Speed, acceleration and jerk by differences of the poses that were sent."""
    v = steps(calls)
    a = np.diff(v, axis=0, prepend=np.zeros((1, 6))) / calls[0].dt_s
    j = np.diff(a, axis=0) / calls[0].dt_s
    for part, which in ((slice(0, 3), 0), (slice(3, 6), 1)):
        speed, acceleration, jerk = (np.linalg.norm(x[:, part], axis=1) for x in (v, a, j))
        for k, call in enumerate(calls):
            r = rates(call)[which]
            assert jerk[k] <= r.jerk * (1 + CLOSE) + 1e-6
            assert acceleration[k + 1] <= max(r.acceleration, acceleration[k]) * (1 + CLOSE) + 1e-8
            fast = speed[k + 1] > max(r.speed, speed[k]) * (1 + CLOSE) + 1e-8
            assert not fast or is_quickest_stop(call), (k, speed[k : k + 2], r)


def check_place(call: Call) -> None:
    """Box and tilt; a stop is excused, and only where a limit was lowered while it moved."""
    x, slack = (
        call.limits,
        CLOSE * max(np.subtract(call.limits.workspace_high_m, call.limits.workspace_low_m)),
    )
    out = outside(call.out.T_base_tcp, x) > outside(call.last.T_base_tcp, x) + slack
    far = tilt(call.out.T_base_tcp, x) > max(x.tilt_rad, tilt(call.last.T_base_tcp, x)) + 2e-7
    assert not (out.any() or far) or is_quickest_stop(call)


def check_measured(call: Call) -> None:
    """Leash and joints, which compare with the newest measurement: inside, not further out, or the stop."""
    if call.state is None or Reason.STALE_STATE in call.reasons or is_quickest_stop(call):
        return
    x, measured = call.limits, call.state.T_base_tcp
    for part, leash in ((0, x.leash_m), (1, x.leash_rad)):
        before, after = (_ahead(r.T_base_tcp, measured)[part] for r in (call.last, call.out))
        assert after <= max(leash, before) * (1 + CLOSE) + 2e-7
    if call.state.jacobian is None:
        return
    inverse = pseudo_inverse(call.state.jacobian)
    joint_speed = np.abs(inverse @ call.out.twist)
    before = np.abs(inverse @ call.last.twist)
    assert (joint_speed <= np.maximum(x.joint_speed_radps, before) * (1 + CLOSE) + 1e-8).all()
    start, end = (call.state.q + inverse @ way for way in _ways(call, measured))
    low = np.minimum(np.add(x.joint_low_rad, x.joint_margin_rad), np.minimum(start, call.state.q))
    high = np.maximum(np.subtract(x.joint_high_rad, x.joint_margin_rad), np.maximum(start, call.state.q))
    slack = 1e-6 + 1e-6 * np.abs(inverse).sum(axis=1)
    assert (end >= low - slack).all()
    assert (end <= high + slack).all()


def _ahead(T: NDArray[np.float64], measured: NDArray[np.float64]) -> tuple[float, float]:
    turn = log_so3(T[:3, :3] @ measured[:3, :3].T)
    return float(np.linalg.norm(T[:3, 3] - measured[:3, 3])), float(np.linalg.norm(turn))


def _ways(call: Call, measured: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """From the measured pose to the reference before, and to where the stop after this call ends."""
    T = call.out.T_base_tcp.copy()
    for part, motion, rate in zip((0, 1), (call.out.linear, call.out.angular), rates(call), strict=True):
        for v in stop(motion, rate, call.dt_s):
            if part == 0:
                T[:3, 3] += np.array(v) * call.dt_s
            else:
                T[:3, :3] = exp_so3(np.array(v) * call.dt_s) @ T[:3, :3]
    return [
        np.r_[X[:3, 3] - measured[:3, 3], log_so3(X[:3, :3] @ measured[:3, :3].T)]
        for X in (call.last.T_base_tcp, T)
    ]


def check_call(call: Call) -> None:
    out = call.out
    R = out.T_base_tcp[:3, :3]
    assert np.isfinite(out.T_base_tcp).all()
    assert np.isfinite(out.twist).all()
    assert np.abs(R @ R.T - np.eye(3)).max() < 1e-9
    assert np.linalg.det(R) > 0
    same = np.array_equal(out.twist, call.ask.twist)
    assert same or call.reasons  # what was changed has a reason ...
    assert not (same and call.reasons & BENDS and not call.reasons & ~BENDS), (
        call.reasons
    )  # ... and only that
    if call.last.stopped:
        assert out.stopped == call.last.stopped
        assert is_quickest_stop(call)
    check_place(call)
    check_measured(call)


def check(calls: list[Call]) -> None:
    check_motion(calls)
    for call in calls:
        check_call(call)


def longest_stop(a: Arm) -> int:
    """Periods to ramp the acceleration down, brake, and ramp down again; a lowered limit may be passed."""
    pairs = [1.3 * r.speed / r.acceleration + 2 * r.acceleration / r.jerk for r in _limit_rates(a.limits)]
    return math.ceil(max(pairs) / a.dt_s) + 8


def come_to_rest(a: Arm, last: Reference) -> list[Call]:
    """Hold for as long as a stop may take, and a bit; then it rests to the bit."""
    calls = list(drive(a, [("device lost", longest_stop(a))], last))
    assert not any(calls[-1].out.twist)
    assert np.array_equal(calls[-1].out.T_base_tcp, calls[-2].out.T_base_tcp)
    return calls


@pytest.mark.slow
def test_whatever_comes_the_reference_stays_inside_every_limit(
    record_property: Callable[[str, object], None],
) -> None:
    triples = 0

    @settings(QUICK, max_examples=300)
    @given(arms(), SEGMENTS)
    def run(a: Arm, segments: list[tuple[str, int]]) -> None:
        nonlocal triples
        calls = list(drive(a, segments))
        calls += come_to_rest(a, calls[-1].out)
        check(calls)
        triples += len(calls)

    run()
    record_property("triples", triples)
    assert triples >= 10_000


@settings(QUICK, max_examples=40)
@given(arms(), st.integers(10, 60))
def test_an_ask_that_breaks_nothing_passes_to_the_bit(a: Arm, calls: int) -> None:
    """A slow swing with a tracking arm, so far inside every limit that no rule may touch it."""
    x = a.limits
    a.T = transform(DOWN, MIDDLE)
    a.jacobian = np.linalg.qr(a.random.normal(size=(a.joints, 6)))[0].T * max(1.0, 2 * x.singular_value)
    a.q0 = np.zeros(a.joints)
    a.T0, last = a.T.copy(), at_rest(a.state())
    period_s = calls * a.dt_s
    way = a.random.normal(size=6)
    room = min(*np.subtract(x.workspace_high_m, x.workspace_low_m), x.leash_m, x.joint_speed_radps[0], 1.0)
    turn_room = min(x.tilt_rad, x.leash_rad, 1.0)
    for k in range(calls):
        phase = 2 * math.pi * k / calls
        twist = way / np.linalg.norm(way) * (1 - math.cos(phase))
        slow = [
            min(r.speed, r.acceleration * period_s / 7, r.jerk * period_s**2 / 40, near / max(period_s, 1.0))
            for r, near in zip(_limit_rates(x), (room, turn_room), strict=True)
        ]
        twist *= 0.1 * np.repeat(slow, 3) * min(1.0, min(x.joint_speed_radps))
        a.now_ns += round(a.dt_s * 1e9)
        last, reasons = guard(a.now_ns, a.state(), Ask(a.now_ns, twist), last, x, a.dt_s)
        assert reasons == 0, reasons
        assert last.twist.tobytes() == twist.tobytes()
        a.T = last.T_base_tcp.copy()


def _limit_rates(x: SafetyLimits) -> tuple[Rates, Rates]:
    return (
        Rates(x.speed_mps * x.speed_scale, x.acceleration_mps2, x.jerk_mps3),
        Rates(x.turn_speed_radps * x.speed_scale, x.turn_acceleration_radps2, x.turn_jerk_radps3),
    )


@settings(QUICK, max_examples=20)
@given(
    arms(), st.sampled_from(["not finite", "no state", "device lost", "hard push", "old", "future", "let go"])
)
def test_each_hold_leads_to_rest(a: Arm, kind: str) -> None:
    *_, moving = drive(a, [("steady", 12)])
    last = before = moving.out
    for _ in range(longest_stop(a)):
        a.now_ns += round(a.dt_s * 1e9)
        before, (last, reasons) = last, guard(a.now_ns, *_held(a, kind), last, a.limits, a.dt_s)
        assert reasons & HOLDS
        a.T = last.T_base_tcp.copy()
    assert last.twist.tobytes() == bytes(48)
    assert last.T_base_tcp.tobytes() == before.T_base_tcp.tobytes()


def _held(a: Arm, kind: str) -> tuple[RobotState | None, Ask]:
    late = {"old": -round((a.limits.stale_command_s + 0.01) * 1e9), "future": int(1e8)}
    if kind in late:
        return a.state(), Ask(a.now_ns + late[kind], a.full_speed())
    if kind == "let go":
        return a.state(), Ask(a.now_ns, a.full_speed(), Source.HUMAN)
    if kind == "hard push":
        force = np.array([0, 0, 2 * a.limits.stop_force_n, 0, 0, 0], np.float32)
        return a.state(wrench=force), Ask(a.now_ns, a.full_speed())
    return PLAYS[kind](a, 0)


@settings(QUICK, max_examples=20)
@given(arms(), SEGMENTS)
def test_a_stop_latches_until_the_reference_is_replaced(a: Arm, segments: list[tuple[str, int]]) -> None:
    last = Reference(0, a.T)
    push = np.array([0, 0, 0, 0, 2 * a.limits.stop_torque_nm, 0], np.float32)
    last, reasons = guard(0, a.state(wrench=push), Ask(0, np.zeros(6)), last, a.limits, a.dt_s)
    assert Reason.STOPPED in reasons
    for call in drive(a, segments, last):
        assert call.out.stopped == last.stopped
        assert Reason.STOPPED in call.reasons
        assert call.out.T_base_tcp.tobytes() == last.T_base_tcp.tobytes()
    assert at_rest(a.state()).stopped == ""


@settings(QUICK, max_examples=20)
@given(arms(), st.integers(0, 2**32 - 1))
def test_the_retreat_follows_the_push(a: Arm, seed: int) -> None:
    a.T = transform(DOWN, MIDDLE)
    a.limits = replace(a.limits, singular_value=1e-4)  # so that nothing bends the way out
    a.jacobian *= 10.0
    way = np.random.default_rng(seed).normal(size=3)
    way /= np.linalg.norm(way)
    force = np.array([*(way * a.limits.force_n * 1.1), 0, 0, 0], np.float32)
    last = Reference(0, a.T)
    reasons = NOTHING
    for _ in range(3):
        a.now_ns += round(a.dt_s * 1e9)
        state = a.state(wrench=force)
        last, reasons = guard(a.now_ns, state, Ask(a.now_ns, a.full_speed()), last, a.limits, a.dt_s)
        assert Reason.FORCE in reasons
    moved = last.T_base_tcp[:3, 3] - MIDDLE
    if Reason.JOINT_POSITION not in reasons:
        assert moved @ (DOWN @ way) >= 0.999 * np.linalg.norm(moved) > 0
