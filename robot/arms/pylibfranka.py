"""FR3 through Franka's own Python bindings, the 1 kHz loop in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from robot.arms.driver import ArmTarget, HardLimits
from robot.arms.fci import check_fci
from robot.arms.franka_limits import FR3
from robot.arms.franka_wrench import wrench_on_tool
from robot.arms.pylibfranka_config import PylibfrankaConfig
from robot.arms.pylibfranka_gripper import GripperOptions
from robot.arms.pylibfranka_memory import Phase, Record, SharedMemory, text_of
from robot.arms.wait_until import wait_until
from robot.core.errors import DeviceError, DeviceLost
from robot.core.types import RobotState

_CONNECT_S = 20.0
_RECOVER_S = 10.0
_QUIT_S = 3.0
_ADVICE = {  # what libfranka or the system says -> what to do
    "Incompatible library version": "the control unit's firmware speaks another protocol: see Franka's "
    "compatibility table for pylibfranka 0.21; a Panda wants the driver `franka` or `frankx`",
    "realtime capabilities": "boot a PREEMPT_RT kernel; `realtime: ignore` is only for the simulator",
    "PermissionError": "may not run at realtime priority: put `@realtime - rtprio 99` into "
    "/etc/security/limits.conf, join the group, log in again; `realtime: ignore` is only for the simulator",
}


@dataclass(frozen=True)
class LoopRate:
    """How regular the control loop was."""

    periods: NDArray[np.int64]  # [B] cycles by length, BIN_US wide, the last bin holds all longer ones
    success_rate: float  # of the last 100 commands, as the control unit counts them


class PylibfrankaArm:
    """Cartesian impedance control at torque level; targets go in, states come out by shared memory.

    The loop interpolates the targets, holds 0.1 s after the last one, and stops smoothly when this process
    dies. A reflex latches: `send` is ignored until `recover`.
    """

    Config: ClassVar[type[Any]] = PylibfrankaConfig

    def __init__(self, arm: str, config: PylibfrankaConfig) -> None:
        self.arm, self._config = arm, config
        self._memory: SharedMemory | None = None
        self._loop: subprocess.Popen[bytes] | None = None
        self._gripper: subprocess.Popen[bytes] | None = None
        self._number, self._gripper_number, self._width_m = 0, 0, -1.0

    @property
    def hard_limits(self) -> HardLimits:
        """The FR3's."""
        return FR3

    def connect(self) -> None:
        """Start the loop, and the hand's process; wait for their first states.

        Raises:
            DeviceError: nobody answers, or what libfranka refused, and the next step.
        """
        if importlib.util.find_spec("pylibfranka") is None:
            raise DeviceError(f"arm/{self.arm}: pylibfranka is missing: pip install 'nudge[pylibfranka]'")
        self.close()
        check_fci(self.arm, self._config.host)
        self._memory = memory = SharedMemory()
        self._number = self._gripper_number = 0
        self._width_m = -1.0
        try:
            self._loop = _start("robot.arms.pylibfranka_loop", memory.fd, asdict(self._config.for_loop()))
            self._await_started(self._loop, memory.state, "the arm")
            if self._config.use_gripper:
                self._gripper = _start("robot.arms.pylibfranka_gripper", memory.fd, asdict(self._hand()))
                self._await_started(
                    self._gripper, memory.gripper_state, "the hand (use_gripper: false if it has none)"
                )
        except BaseException:
            self.close()
            raise

    def state(self) -> RobotState:
        """The newest measurement, stamped when it came in; the wrench is the vendor's estimate."""
        memory = self._alive()
        state = memory.state.read()
        return RobotState(
            stamp_ns=int(state["stamp_ns"]),
            arm=self.arm,
            q=state["q"].astype(np.float32),
            dq=state["dq"].astype(np.float32),
            tau=state["tau"].astype(np.float32),
            T_base_tcp=state["T_base_tcp"],
            twist=state["twist"].astype(np.float32),
            wrench=wrench_on_tool(state["wrench"], state["T_tcp_stiffness"]),
            gripper_width=float(memory.gripper_state.read()["width_m"]),
            jacobian=state["jacobian"].astype(np.float32),
        )

    def send(self, target: ArmTarget) -> None:
        """Put the target where the loop finds it; the hand only hears of a new width."""
        memory = self._alive()
        if memory.state.peek("phase") == Phase.FAULT:
            return
        self._number += 1
        memory.command.write(
            number=self._number,
            stamp_ns=target.stamp_ns,
            T_base_tcp=target.T_base_tcp,
            twist=target.twist,
        )
        if target.gripper_width_m is not None and target.gripper_width_m != self._width_m:
            self._width_m = target.gripper_width_m
            self._gripper_number += 1
            memory.gripper_command.write(number=self._gripper_number, width_m=self._width_m)

    def fault(self) -> str:
        """The vendor's names of the errors; empty while there is none."""
        if self._memory is None or self._memory.state.peek("phase") != Phase.FAULT:
            return ""
        return text_of(self._memory.state.read())

    def recover(self) -> None:
        """The vendor's error recovery, or a new connection if this one is gone.

        Raises:
            DeviceError: the arm still refuses, with its reason.
        """
        try:
            memory = self._alive()
        except DeviceLost:
            return self.connect()
        if not self.fault():
            return None
        request = memory.command.peek("recover") + 1
        memory.command.write(recover=request)
        answered = wait_until(lambda: memory.state.peek("answered") >= request, _RECOVER_S)
        if not answered or (why := self.fault()):
            why = self.fault() if answered else f"no answer in {_RECOVER_S:g} s"
            raise DeviceError(
                f"arm/{self.arm} does not recover: {why}. "
                "Free the arm, release the user stop, then clear again"
            )

    def loop_rate(self) -> LoopRate:
        """Histogram of the control periods since connect, and the command success rate."""
        state = self._alive().state.read()
        return LoopRate(state["periods"].copy(), float(state["success_rate"]))

    def close(self) -> None:
        """Stop smoothly where the arm is, end both processes."""
        memory, self._memory = self._memory, None
        if memory is None:
            return
        memory.command.write(quit=1)
        for process in filter(None, (self._loop, self._gripper)):
            _end(process)
        self._loop = self._gripper = None
        memory.close()

    def _hand(self) -> GripperOptions:
        config = self._config
        return GripperOptions(config.host, config.gripper_speed_mps, config.gripper_force_n)

    def _alive(self) -> SharedMemory:
        """The memory, if the loop still writes to it."""
        if self._memory is None or self._loop is None:
            raise DeviceLost(f"arm/{self.arm} is not connected: call connect")
        if why := self._lost(self._memory, self._loop):
            raise DeviceLost(
                f"arm/{self.arm} at {self._config.host} is lost: {why}. See whether the control unit is on, "
                "its cable sits and FCI is active; then clear the stop to connect again"
            )
        return self._memory

    def _lost(self, memory: SharedMemory, loop: subprocess.Popen[bytes]) -> str:
        """Why the arm, or its hand, can no longer be used; empty while both answer."""
        age_s = (time.time_ns() - memory.state.peek("stamp_ns")) * 1e-9
        if memory.state.peek("phase") == Phase.LOST:
            return text_of(memory.state.read())
        if loop.poll() is not None or age_s > self._config.timeout_s:
            return f"no state for {age_s:.2f} s (exit code of the loop: {loop.poll()})"
        if self._gripper is not None and self._gripper.poll() is not None:
            return f"the hand no longer answers: {text_of(memory.gripper_state.read())}"
        return ""

    def _await_started(self, process: subprocess.Popen[bytes], record: Record, what: str) -> None:
        def started() -> bool:
            return record.peek("phase") != Phase.STARTING or process.poll() is not None

        wait_until(started, _CONNECT_S)
        if record.peek("phase") in (Phase.READING, Phase.FAULT):
            return
        why = text_of(record.read()) or f"no answer in {_CONNECT_S:g} s (exit code {process.poll()})"
        known = [advice for sign, advice in _ADVICE.items() if sign.lower() in why.lower()]
        advice = known[0] if known else "see whether the control unit is on and shows no error in Desk"
        raise DeviceError(
            f"arm/{self.arm}: {what} at {self._config.host} cannot be used: {why}. Next: {advice}"
        )


def _start(module: str, fd: int, options: dict[str, Any]) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(p for p in (os.getcwd() if p == "" else p for p in sys.path) if p)
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # 6x6 matrices: a thread pool only costs
    return subprocess.Popen(
        [sys.executable, "-m", module, str(fd), json.dumps(options)],
        pass_fds=(fd,),
        stdin=subprocess.DEVNULL,
        env=os.environ | threads | {"PYTHONPATH": path},
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the smooth stop, no longer than it may take."""
    try:
        process.wait(_QUIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
