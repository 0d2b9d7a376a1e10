"""`pylibfranka` against franka-sim with motion limits enforced. With -s: the histogram of the loop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from robot.arms.driver import ArmTarget
from robot.arms.pylibfranka import LoopRate, PylibfrankaArm
from robot.arms.pylibfranka_config import PylibfrankaConfig
from robot.arms.pylibfranka_memory import BIN_US
from robot.core.errors import DeviceError, DeviceLost
from robot.core.se3 import Matrix, exp_so3
from tests.sdk.franka_sim import FrankaSim
from tests.sdk.waiting import wait_for

_STILL = np.zeros(6, np.float32)


def config(host: str, **options: float | bool) -> PylibfrankaConfig:
    """Lost only after seconds: a busy machine may starve the loop for a while."""
    defaults: dict[str, float | bool] = {"timeout_s": 5.0}
    return PylibfrankaConfig(host=host, realtime="ignore", **{**defaults, **options})  # pyright: ignore[reportArgumentType]


def drive(arm: PylibfrankaArm, T: Matrix, until: Callable[[], object], width_m: float | None = None) -> None:
    """Send one pose a hundred times a second until something holds."""

    def sent() -> object:
        arm.send(ArmTarget(time.time_ns(), T, _STILL, width_m))
        return until()

    wait_for(sent, "the arm")


def distance_m(arm: PylibfrankaArm, T: Matrix) -> float:
    return float(np.linalg.norm(arm.state().T_base_tcp[:3, 3] - T[:3, 3]))


def shifted(T: Matrix, *step_m: float) -> Matrix:
    moved = T.copy()
    moved[:3, 3] += step_m
    return moved


def violate(arm: PylibfrankaArm) -> None:
    """Ask a stiff, fast arm for half a metre and half a turn at once, until a joint is too fast."""
    start = arm.state().T_base_tcp
    goals = [shifted(start, -0.1, side, -0.2) for side in (0.5, -0.5)]
    for goal, angle in zip(goals, (2.5, -2.5), strict=True):
        goal[:3, :3] = exp_so3([0.0, 0.0, angle]) @ goal[:3, :3]
    for n in range(60):
        since = arm.state().stamp_ns
        drive(
            arm, goals[n % 2], lambda since=since: arm.fault() or arm.state().stamp_ns > since + 700_000_000
        )
        if arm.fault():
            return


def print_rate(rate: LoopRate) -> None:
    total = np.cumsum(rate.periods)
    p50, p99 = (int(np.searchsorted(total, share * total[-1])) * BIN_US for share in (0.5, 0.99))
    lines = [f"{total[-1]} cycles: p50 {p50} us, p99 {p99} us; command success rate {rate.success_rate:.2f}"]
    for low in range(0, 3000, 250):
        n = int(rate.periods[low // BIN_US : (low + 250) // BIN_US].sum())
        lines.append(f"{low:5d}-{low + 250:4d} us {n:6d} {'#' * round(60 * n / total[-1])}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


@pytest.fixture
def arm(franka_sim: FrankaSim) -> Iterator[PylibfrankaArm]:
    driver = PylibfrankaArm("left", config(franka_sim.host))
    driver.connect()
    yield driver
    driver.close()


STIFF: dict[str, float | bool] = {
    "speed_mps": 3.0,
    "turn_speed_radps": 2.5,
    "stiffness_n_per_m": 5000.0,
    "turn_stiffness_nm_per_rad": 300.0,
    "spring_limit_m": 0.05,
    "spring_limit_rad": 1.0,
    "use_gripper": False,
}


def test_connects_reads_and_does_not_move(arm: PylibfrankaArm) -> None:
    first = arm.state()
    wait_for(lambda: arm.state().stamp_ns > first.stamp_ns + 100_000_000, "a tenth of a second of states")
    state = arm.state()
    assert np.abs(state.T_base_tcp[:3, 3] - first.T_base_tcp[:3, 3]).max() < 1e-4
    assert state.T_base_tcp[3].tolist() == [0, 0, 0, 1]
    assert state.jacobian is not None
    assert state.jacobian.shape == (6, 7)
    assert state.jacobian[2, 0] == pytest.approx(0.0, abs=1e-6)  # the base turns about z: no height from it
    assert abs(time.time_ns() - state.stamp_ns) < 5e9
    assert arm.fault() == ""


def test_jogs_and_follows_a_path_and_holds_when_nobody_sends(arm: PylibfrankaArm) -> None:
    start = arm.state().T_base_tcp
    for _ in range(5):  # jog: 2 mm at a time
        start = shifted(start, 0.002, 0.0, 0.0)
        drive(arm, start, lambda goal=start: distance_m(arm, goal) < 0.005)
    for corner in [(0.0, 0.04, 0.0), (0.0, 0.04, -0.03), (0.0, 0.0, -0.03), (0.0, 0.0, 0.0)]:
        goal = shifted(start, *corner)
        drive(arm, goal, lambda goal=goal: distance_m(arm, goal) < 0.005)
    assert arm.fault() == ""
    last = arm.state()
    wait_for(lambda: arm.state().stamp_ns > last.stamp_ns + 500_000_000, "half a second without a target")
    assert distance_m(arm, start) < 0.006
    assert np.abs(arm.state().twist[:3]).max() < 0.01
    rate = arm.loop_rate()
    print_rate(rate)
    assert rate.periods.sum() > 500
    assert rate.success_rate > 0.5  # 0.98 and more on an idle machine


def test_grasps_what_is_there_and_opens_again(arm: PylibfrankaArm) -> None:
    T = arm.state().T_base_tcp
    drive(arm, T, lambda: arm.state().gripper_width > 0.07, width_m=0.08)
    drive(arm, T, lambda: arm.state().gripper_width < 0.05, width_m=0.0)
    assert arm.state().gripper_width == pytest.approx(0.04, abs=0.003)  # the thing between the fingers
    drive(arm, T, lambda: arm.state().gripper_width > 0.07, width_m=0.08)


def test_a_reflex_is_named_latched_and_recovered_only_on_request(
    start_sim: Callable[..., FrankaSim],
) -> None:
    arm = PylibfrankaArm("left", config(start_sim().host, **STIFF))
    arm.connect()
    violate(arm)
    assert "joint_velocity_violation" in arm.fault()
    stopped = arm.state()
    drive(arm, shifted(stopped.T_base_tcp, 0, 0, 0.05), lambda: arm.state().stamp_ns > stopped.stamp_ns + 1e9)
    assert "joint_velocity_violation" in arm.fault()  # a second of targets does not clear it
    rest = arm.state()
    arm.recover()
    assert arm.fault() == ""
    assert distance_m(arm, rest.T_base_tcp) < 0.02  # where it was, not where the old targets were
    goal = shifted(arm.state().T_base_tcp, 0.0, 0.0, 0.02)
    drive(arm, goal, lambda: distance_m(arm, goal) < 0.005)
    assert arm.fault() == ""
    arm.close()


def test_lost_cycles_are_reported_as_the_vendor_names_them(start_sim: Callable[..., FrankaSim]) -> None:
    arm = PylibfrankaArm("left", config(start_sim(enforce_comm_constraints=True).host, use_gripper=False))
    arm.connect()
    T = arm.state().T_base_tcp
    drive(arm, T, lambda: arm.loop_rate().periods.sum() > 20 or arm.fault())
    loop = next(p for p in psutil.Process().children() if "robot.arms.pylibfranka_loop" in p.cmdline())

    def stalled() -> str:
        loop.suspend()
        time.sleep(0.1)  # the stall itself: 20 cycles and more
        loop.resume()
        time.sleep(0.1)
        return arm.fault()

    wait_for(stalled, "a reflex")
    assert "communication_constraints_violation" in arm.fault()
    arm.recover()
    assert arm.fault() == ""
    arm.close()


def test_a_dead_control_unit_is_a_lost_device(start_sim: Callable[..., FrankaSim]) -> None:
    sim = start_sim()
    arm = PylibfrankaArm("left", config(sim.host, use_gripper=False, timeout_s=0.5))
    arm.connect()
    drive(arm, arm.state().T_base_tcp, lambda: arm.loop_rate().periods.sum() > 20)
    sim.kill()

    def lost() -> bool:
        try:
            arm.state()
        except DeviceLost:
            return True
        return False

    wait_for(lost, "loss")
    with pytest.raises(DeviceLost, match="clear the stop to connect again"):
        arm.send(ArmTarget(0, np.eye(4), _STILL))
    with pytest.raises(DeviceError, match="FCI"):
        arm.recover()
    arm.close()
    arm.close()


def test_a_dead_hand_is_a_lost_device_and_recover_brings_it_back(arm: PylibfrankaArm) -> None:
    def lost() -> bool:
        try:
            arm.state()
        except DeviceLost as error:
            return "the hand no longer answers" in str(error)
        return False

    next(p for p in psutil.Process().children() if "robot.arms.pylibfranka_gripper" in p.cmdline()).kill()
    wait_for(lost, "loss of the hand")
    arm.recover()
    assert arm.state().gripper_width > 0.0


def test_the_loop_ends_with_its_parent(franka_sim: FrankaSim) -> None:
    code = (
        "import sys, time\n"
        "from robot.arms.pylibfranka import PylibfrankaArm, PylibfrankaConfig\n"
        "arm = PylibfrankaArm('a', PylibfrankaConfig(sys.argv[1], 'ignore'))\n"
        "arm.connect()\nprint('ready', flush=True)\ntime.sleep(600)\n"
    )
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", code, franka_sim.host]
    parent = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    children = psutil.Process(parent.pid).children()
    assert len(children) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: not any(c.is_running() and c.status() != "zombie" for c in children), "both to end")
