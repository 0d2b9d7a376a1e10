"""The `franka` driver through franka-rs against a simulated control unit with its motion limits enforced."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from robot.arms.driver import ArmTarget
from robot.arms.franka import FrankaArm, FrankaConfig
from robot.core.errors import ConfigError
from robot.core.se3 import Matrix
from tests.sdk.franka_sim import FrankaSim
from tests.sdk.waiting import wait_for

pytest.importorskip("franka", reason="franka-rs is not installed: pip install 'nudge[franka]'")

Offset = tuple[float, float, float]
_AT_REST = np.zeros(6, np.float32)
_SAG_M = 0.012  # a spring of 750 N/m against the simulated joints' friction stops this near to its target


@pytest.fixture
def arm(franka_sim: FrankaSim) -> Iterator[FrankaArm]:
    arm = FrankaArm("left", FrankaConfig(franka_sim.host, realtime="ignore"))
    arm.connect()
    yield arm
    arm.close()


def target(
    T_base_tcp: Matrix, offset_m: tuple[float, float, float], width_m: float | None = None
) -> ArmTarget:
    T = T_base_tcp.copy()
    T[:3, 3] += offset_m
    return ArmTarget(time.time_ns(), T, _AT_REST, width_m)


def distance_m(arm: FrankaArm, wanted: ArmTarget) -> float:
    return float(np.linalg.norm(arm.state().T_base_tcp[:3, 3] - wanted.T_base_tcp[:3, 3]))


def follow(arm: FrankaArm, corners: list[Offset], steps: int, hz: float) -> list[float]:
    """Moves through the corners in even steps; returns how far behind the arm was after each."""
    start, behind, last = arm.state().T_base_tcp, [], np.zeros(3)
    for corner in corners:
        for i in range(1, steps + 1):
            x, y, z = last + (np.array(corner) - last) * i / steps
            wanted = target(start, (x, y, z))
            arm.send(wanted)
            time.sleep(1.0 / hz)
            behind.append(distance_m(arm, wanted))
        there = target(start, corner)
        wait_for(lambda there=there: distance_m(arm, there) < _SAG_M)
        last = np.array(corner)
    return behind


def test_state_is_fresh_and_consistent(arm: FrankaArm) -> None:
    before = arm.state()
    assert abs(time.time_ns() - before.stamp_ns) < 1e9
    wait_for(lambda: arm.state().stamp_ns > before.stamp_ns)
    arm.send(target(before.T_base_tcp, (0.0, 0.03, 0.0)))
    wait_for(lambda: arm.state().T_base_tcp[1, 3] - before.T_base_tcp[1, 3] > 0.015)
    after = arm.state()
    assert before.jacobian is not None
    predicted = before.jacobian[:3] @ (after.q - before.q)
    np.testing.assert_allclose(after.T_base_tcp[:3, 3] - before.T_base_tcp[:3, 3], predicted, atol=2e-3)
    arm.send(target(before.T_base_tcp, (0.0, 0.0, 0.0)))
    wait_for(lambda: distance_m(arm, target(before.T_base_tcp, (0.0, 0.0, 0.0))) < _SAG_M)


@pytest.mark.parametrize("hz", [10.0, 100.0])
def test_jog(arm: FrankaArm, hz: float) -> None:
    steps = int(hz)  # one second each way
    behind = follow(arm, [(0.0, 0.0, -0.05), (0.0, 0.0, 0.0)], steps, hz)
    assert max(behind) < 0.05
    assert arm.fault() == ""


@pytest.mark.slow
def test_path_of_four_corners(arm: FrankaArm) -> None:
    corners = [(0.06, 0.0, 0.0), (0.06, 0.06, 0.0), (0.0, 0.06, -0.04), (0.0, 0.0, 0.0)]
    follow(arm, corners, steps=60, hz=60.0)
    assert arm.fault() == ""
    assert arm.command_success_rate > 0.5


def test_closes_onto_a_thing_and_opens_again_without_waiting(arm: FrankaArm) -> None:
    here = arm.state().T_base_tcp
    started = time.perf_counter()
    arm.send(target(here, (0.0, 0.0, 0.0), width_m=0.0))
    assert time.perf_counter() - started < 0.1
    wait_for(lambda: abs(arm.state().gripper_width - 0.04) < 1e-4)
    assert arm.fault() == ""
    arm.send(target(here, (0.0, 0.0, 0.0), width_m=0.08))
    wait_for(lambda: abs(arm.state().gripper_width - 0.08) < 1e-4)


def test_config_reports_every_problem() -> None:
    with pytest.raises(ConfigError) as caught:
        FrankaConfig("10.0.0.2", stiffness=(750.0,), leash_m=0.0)
    assert len(caught.value.problems) == 2
