"""`frankx` through its bridge process: a fake on the other side, and the real one where it is installed."""

from __future__ import annotations

import ast
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

import robot.arms.frankx_bridge as bridge_file
from robot.arms.driver import ArmTarget
from robot.arms.frankx import FrankxArm, FrankxConfig
from robot.arms.panda_kinematics import jacobian
from robot.arms.pylibfranka import PylibfrankaArm
from robot.arms.pylibfranka_config import PylibfrankaConfig
from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.se3 import Matrix
from tests.sdk.franka_sim import FrankaSim
from tests.sdk.waiting import wait_for

HOST = "127.0.0.216"
_STILL = np.zeros(6, np.float32)


@pytest.fixture(autouse=True)
def control_unit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Something listens where FCI does, and the bridge finds the fake."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).with_name("fake_frankx")))
    servers = [socket.create_server((host, 1337)) for host in (HOST, "127.0.0.215")]
    yield
    for server in servers:
        server.close()


@pytest.fixture
def arm() -> Iterator[FrankxArm]:
    driver = FrankxArm("panda", FrankxConfig(HOST, sys.executable, timeout_s=10.0))
    driver.connect()
    yield driver
    driver.close()


def drive(arm: FrankxArm, T: Matrix, until: Callable[[], object], width_m: float | None = None) -> None:
    def sent() -> object:
        arm.send(ArmTarget(time.time_ns(), T, _STILL, width_m))
        return until()

    wait_for(sent)


def at(arm: FrankxArm, *position_m: float) -> Matrix:
    T = arm.state().T_base_tcp.copy()
    T[:3, 3] = position_m
    return T


def is_at(arm: FrankxArm, T: Matrix) -> bool:
    return bool(np.abs(arm.state().T_base_tcp - T).max() < 1e-3)


def test_reads_the_tool_as_it_points_and_moves_it(arm: FrankxArm) -> None:
    state = arm.state()
    assert state.T_base_tcp[:3, 2] == pytest.approx([0, 0, -1])  # down, whatever the bridge needs
    assert state.T_base_tcp[:3, 3] == pytest.approx([0.4, 0.0, 0.3])
    assert state.twist[5] == pytest.approx(0.1)  # the base joint turns at 0.1 rad/s
    assert state.twist[1] == pytest.approx(0.1 * 0.4)
    goal = at(arm, 0.45, 0.05, 0.28)
    drive(arm, goal, lambda: is_at(arm, goal))
    assert arm.fault() == ""


def test_the_hand_grasps_and_opens(arm: FrankxArm) -> None:
    T = arm.state().T_base_tcp
    drive(arm, T, lambda: arm.state().gripper_width == pytest.approx(0.03), width_m=0.0)
    drive(arm, T, lambda: arm.state().gripper_width == pytest.approx(0.07), width_m=0.07)


def test_a_reflex_is_named_latched_and_recovered_only_on_request(arm: FrankxArm) -> None:
    drive(arm, at(arm, 0.7, 0.0, 0.3), arm.fault)
    assert arm.fault() == "cartesian_reflex"
    stopped = arm.state()
    back = at(arm, 0.4, 0.0, 0.3)
    drive(arm, back, lambda: arm.state().stamp_ns > stopped.stamp_ns + 200_000_000)
    assert arm.fault() == "cartesian_reflex"
    assert is_at(arm, stopped.T_base_tcp)
    arm.recover()
    assert arm.fault() == ""
    drive(arm, back, lambda: is_at(arm, back))


def test_a_refused_recovery_says_so_and_the_fault_stays(arm: FrankxArm) -> None:
    low = at(arm, 0.5, 0.0, 0.15)
    drive(arm, low, lambda: is_at(arm, low))
    drive(arm, at(arm, 0.7, 0.0, 0.15), arm.fault)
    with pytest.raises(DeviceError, match="does not recover: cartesian_reflex"):
        arm.recover()
    assert arm.fault() == "cartesian_reflex"
    arm.recover()
    assert arm.fault() == ""


def test_a_dead_bridge_is_a_lost_device_and_recover_starts_another(arm: FrankxArm) -> None:
    def lost() -> bool:
        try:
            arm.send(ArmTarget(time.time_ns(), deadly, _STILL))
            arm.state()
        except DeviceLost as error:
            return "the bridge process ended" in str(error)
        return False

    deadly = at(arm, 0.4, 0.6, 0.3)
    wait_for(lost)
    arm.recover()
    assert arm.state().T_base_tcp[:3, 3] == pytest.approx([0.4, 0.0, 0.3])


def test_a_killed_bridge_leaves_no_process_and_close_may_be_called_twice(arm: FrankxArm) -> None:
    (bridge,) = (p for p in psutil.Process().children() if any("frankx_bridge" in a for a in p.cmdline()))
    arm.close()
    arm.close()
    assert not bridge.is_running()
    with pytest.raises(DeviceLost, match="call connect"):
        arm.state()


def test_half_a_turn_is_refused_not_spun(arm: FrankxArm) -> None:
    def turned(angle: float) -> Matrix:
        T, c, s = at(arm, 0.4, 0.0, 0.3), np.cos(angle), np.sin(angle)
        T[:3, :3] = np.array([[c, s, 0], [s, -c, 0], [0, 0, -1]])
        return T

    drive(arm, turned(3.1), lambda: is_at(arm, turned(3.1)))
    drive(arm, turned(-3.1), arm.fault)
    assert "the long way round" in arm.fault()


def test_new_user_errors_name_the_next_step() -> None:
    with pytest.raises(DeviceError, match=r"/no/such/python.*does not start.*pip install frankx==0.2.0"):
        FrankxArm("panda", FrankxConfig(HOST, "/no/such/python")).connect()
    with pytest.raises(DeviceError, match="FCI refused"):
        FrankxArm("panda", FrankxConfig("127.0.0.215", sys.executable)).connect()
    with pytest.raises(DeviceError, match="FCI is not enabled"):
        FrankxArm("panda", FrankxConfig("127.0.0.217", sys.executable)).connect()
    with pytest.raises(ConfigError, match=r"dynamic_rel: got 2.0, want at most 1"):
        FrankxConfig(HOST, sys.executable, dynamic_rel=2.0)


def test_an_interpreter_without_frankx_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(DeviceError, match=r"has no frankx: install one: pyenv install 3\.8"):
        FrankxArm("panda", FrankxConfig(HOST, sys.executable)).connect()


def test_the_bridge_is_python_38_and_needs_nothing_of_nudge() -> None:
    source = Path(str(bridge_file.__file__)).read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    imported |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported - {"frankx"} <= sys.stdlib_module_names


def test_the_jacobian_is_the_vendors(franka_sim: FrankaSim) -> None:
    vendor = PylibfrankaArm(
        "fr3", PylibfrankaConfig(franka_sim.host, "ignore", use_gripper=False, timeout_s=5.0)
    )
    vendor.connect()
    state = vendor.state()
    vendor.close()
    assert state.jacobian is not None
    ours = jacobian(state.q, state.T_base_tcp[:3, 3])
    assert np.abs(ours - state.jacobian).max() < 1e-3


def test_the_real_frankx_tells_an_fr3_from_a_panda(
    franka_sim: FrankaSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = os.environ.get("NUDGE_FRANKX_PYTHON")
    if not python:
        pytest.skip("set NUDGE_FRANKX_PYTHON to a Python 3.8 or 3.9 with frankx==0.2.0 installed")
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(DeviceError, match="this arm is no Panda"):
        FrankxArm("panda", FrankxConfig(franka_sim.host, python)).connect()
