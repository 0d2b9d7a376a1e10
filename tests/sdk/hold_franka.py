"""`python hold_franka.py HOST`: a process that holds the arm, says its fault, and recovers when told to."""

import sys
import time

import numpy as np

from robot.arms.driver import ArmTarget
from robot.arms.franka import FrankaArm, FrankaConfig


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


arm = FrankaArm("arm", FrankaConfig(sys.argv[1], realtime="ignore", use_gripper=False))
arm.connect()
T_base_tcp = arm.state().T_base_tcp
say("holding")
while not (fault := arm.fault()):
    arm.send(ArmTarget(time.time_ns(), T_base_tcp, np.zeros(6, np.float32)))
    time.sleep(0.01)
say(fault)
sys.stdin.readline()
arm.recover()
say(f"recovered: {arm.fault()!r}")
arm.close()
