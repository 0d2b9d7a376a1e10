"""Reflexes, a stalled computer and a control unit without power, as the `franka` driver reports them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from robot.arms.driver import ArmTarget
from robot.arms.franka import FrankaArm, FrankaConfig
from robot.core.errors import DeviceError, DeviceLost
from tests.sdk.franka_sim import FrankaSim
from tests.sdk.test_franka import distance_m, target
from tests.sdk.waiting import wait_for

pytest.importorskip("franka", reason="franka-rs is not installed: pip install 'nudge[franka]'")
pytestmark = pytest.mark.slow

StartSim = Callable[..., FrankaSim]
_HOLD = Path(__file__).with_name("hold_franka.py")
# Far more than a Franka's arm is stable with: it swings up until a joint is too fast.
_WILD = (50_000.0, 50_000.0, 50_000.0, 1_000.0, 1_000.0, 1_000.0)


def _in_reflex(sim: FrankaSim) -> FrankaArm:
    arm = FrankaArm("left", FrankaConfig(sim.host, realtime="ignore", stiffness=_WILD, use_gripper=False))
    arm.connect()
    arm.send(target(arm.state().T_base_tcp, (-0.2, 0.6, -0.2)))
    wait_for(lambda: arm.fault() != "")
    return arm


def _loss(arm: FrankaArm) -> str:
    try:
        arm.state()
    except DeviceLost as error:
        return str(error)
    return ""


def test_a_reflex_is_named_and_stays_until_a_person_recovers(start_sim: StartSim) -> None:
    arm = _in_reflex(start_sim())
    reflex = arm.fault()
    assert re.match(r"reflex \w+_violation", reflex)
    wait_for(lambda: bool(np.abs(arm.state().dq).max() < 0.2))
    stopped = arm.state()

    arm.send(target(stopped.T_base_tcp, (0.0, 0.1, 0.0)))
    wait_for(lambda: arm.state().stamp_ns > stopped.stamp_ns + 500_000_000)  # measured on, all the while
    # It may still swing, with nobody holding it; the target was 100 mm away.
    assert distance_m(arm, target(stopped.T_base_tcp, (0.0, 0.0, 0.0))) < 0.05
    assert arm.fault() == reflex

    arm.recover()
    assert arm.fault() == ""
    # It may still swing, with nobody holding it; the target was 100 mm away.
    assert distance_m(arm, target(stopped.T_base_tcp, (0.0, 0.0, 0.0))) < 0.05
    arm.close()


def test_an_arm_in_reflex_is_connected_to_with_its_fault(start_sim: StartSim) -> None:
    sim = start_sim()
    arm = _in_reflex(sim)
    arm.close()
    arm.connect()
    arm.state()
    if arm.fault():  # the simulator forgets a reflex when its client goes; a control unit does not
        arm.recover()
    assert arm.fault() == ""
    arm.close()


def test_a_stalled_computer_is_a_communication_fault(start_sim: StartSim) -> None:
    sim = start_sim(enforce_comm_constraints=True)
    command = [sys.executable, str(_HOLD), sim.host]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "holding\n"
        child.send_signal(signal.SIGSTOP)
        time.sleep(0.3)  # 300 cycles; 20 are too many
        child.send_signal(signal.SIGCONT)
        assert "communication_constraints_violation" in child.stdout.readline()
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "recovered: ''\n"


def test_power_lost_in_mid_motion_and_back(start_sim: StartSim) -> None:
    sim = start_sim(gripper_object_width=0.04)
    arm = FrankaArm("left", FrankaConfig(sim.host, realtime="ignore"))
    arm.connect()
    here = arm.state().T_base_tcp
    arm.send(target(here, (0.0, 0.1, 0.0)))
    sim.kill()
    killed = time.monotonic()
    wait_for(lambda: sim.host in _loss(arm))
    assert time.monotonic() - killed < 5.0  # 1 s, and what a busy machine adds
    wait_for(lambda: "stopped answering" in arm.fault())  # the hand may have said so first
    with pytest.raises(DeviceLost):
        arm.send(ArmTarget(time.time_ns(), here, np.zeros(6, np.float32)))
    with pytest.raises(DeviceError):
        arm.recover()  # still no power

    start_sim(host=sim.host)
    arm.recover()
    assert arm.fault() == ""
    assert arm.state().q.shape == (7,)
    arm.close()
