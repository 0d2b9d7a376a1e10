"""Legacy Panda through frankx 0.2, whose wheels are for Python 3.8 and 3.9 only: a bridge process runs it."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np

from robot.arms.driver import ArmTarget, HardLimits
from robot.arms.fci import check_fci
from robot.arms.franka_limits import PANDA
from robot.arms.franka_wrench import wrench_on_tool
from robot.arms.panda_kinematics import jacobian
from robot.arms.wait_until import wait_until
from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.types import RobotState

_BRIDGE = Path(__file__).with_name("frankx_bridge.py")
_CONNECT_S = 20.0
_RECOVER_S = 10.0
_QUIT_S = 3.0
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # the bridge's tool frame has its z up; its own inverse
_INSTALL = (
    "install one: pyenv install 3.8; ~/.pyenv/versions/3.8*/bin/python -m venv ~/frankx; "
    "~/frankx/bin/pip install frankx==0.2.0 numpy; then write `python: ~/frankx/bin/python` into the rig file"
)
_ADVICE = {  # what the bridge says -> what to do
    "No module named": f"this interpreter has no frankx: {_INSTALL}",
    "ProtocolException": "this arm is no Panda: an FR3 wants the driver `franka` or `pylibfranka`",
    "IncompatibleVersion": "frankx 0.2 wants Panda system version 4.0 to 4.2; else use the driver `franka`",
    "RealtimeException": "boot a PREEMPT_RT kernel: frankx does not run without",
}


@dataclass(frozen=True)
class FrankxConfig:
    """Options of the rig, named as `franka`'s where they mean the same; ConfigError for what cannot be."""

    host: str  # of the control unit, shop floor network
    python: str  # an interpreter, 3.8 or 3.9, that has frankx 0.2.0
    dynamic_rel: float = 0.15  # of the Panda's speed, acceleration and jerk
    step_m: float = 0.01  # the longest way without a look at the state
    step_rad: float = 0.06
    use_gripper: bool = True
    gripper_speed_mps: float = 0.1
    gripper_force_n: float = 20.0
    timeout_s: float = 1.0  # without a state for so long, the arm is lost; a step takes some 0.1 s

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems, "options of the arm driver 'frankx'")

    def _problems(self) -> Iterator[str]:
        for name, value in vars(self).items():
            if isinstance(value, float) and not 0 < value < 1e5:
                yield f"{name}: got {value}, want a positive finite number"
        if self.dynamic_rel > 1:
            yield f"dynamic_rel: got {self.dynamic_rel}, want at most 1"

    def for_bridge(self) -> str:
        """The bridge's command line."""
        options = {"host": self.host, "dynamic_rel": self.dynamic_rel, "gripper": self.use_gripper}
        options |= {"step_m": self.step_m, "step_rad": self.step_rad}
        return json.dumps(
            options | {"gripper_speed": self.gripper_speed_mps, "gripper_force": self.gripper_force_n}
        )


class FrankxArm:
    """Short steps from rest to rest towards the newest target, and a state after each of them.

    So states come at some 10 to 30 Hz while the arm moves: ``stale_state_s`` of the rig has to allow for
    it. frankx sees no contact in between; its reflexes (20 Nm a joint, 30 N) do.
    """

    Config: ClassVar[type[Any]] = FrankxConfig

    def __init__(self, arm: str, config: FrankxConfig) -> None:
        self.arm, self._config = arm, config
        self._bridge: subprocess.Popen[bytes] | None = None
        self._forget()

    @property
    def hard_limits(self) -> HardLimits:
        """The Panda's."""
        return PANDA

    def connect(self) -> None:
        """Start the bridge in its own interpreter and wait for its first state.

        Raises:
            DeviceError: no such interpreter, no frankx in it, nobody at the address, or what frankx refused.
        """
        self.close()
        self._forget()
        check_fci(self.arm, self._config.host)
        self._bridge = bridge = self._start()
        threading.Thread(target=self._read, args=(bridge,), daemon=True, name="frankx").start()
        wait_until(lambda: self._newest or self._ended, _CONNECT_S)
        if not self._newest:
            why = self._ended or f"no answer in {_CONNECT_S:g} s"
            self.close()
            known = [advice for sign, advice in _ADVICE.items() if sign in why]
            advice = known[0] if known else "see whether the control unit is on and shows no error in Desk"
            raise DeviceError(f"arm {self.arm!r} at {self._config.host}: frankx: {why}. Next: {advice}")

    def state(self) -> RobotState:
        """The newest measurement. The wrench comes from the joints' external torques, by least squares."""
        self._raise_if_lost()
        message = self._newest
        T = _matrix(message["pose"]) @ _FLIP
        q, dq = np.array(message["q"]), np.array(message["dq"])
        J = jacobian(q, T[:3, 3])
        wrench = np.linalg.lstsq(J.T, np.array(message["tau_ext"]), rcond=1e-3)[0]
        return RobotState(
            stamp_ns=int(message["stamp_ns"]),
            arm=self.arm,
            q=q.astype(np.float32),
            dq=dq.astype(np.float32),
            tau=np.array(message["tau"], np.float32),
            T_base_tcp=T,
            twist=(J @ dq).astype(np.float32),
            wrench=wrench_on_tool((wrench.reshape(2, 3) @ T[:3, :3]).reshape(6), np.eye(4)),
            gripper_width=float(message["width"]),
            jacobian=J.astype(np.float32),
        )

    def send(self, target: ArmTarget) -> None:
        """Hand the target to the bridge; it is left out when the bridge is behind, for a newer one comes."""
        self._raise_if_lost()
        if self._fault:
            return
        self._post(type="target", pose=(target.T_base_tcp @ _FLIP).T.reshape(-1).tolist())
        width_m = target.gripper_width_m
        if width_m not in (None, self._width_m) and self._post(type="gripper", width=width_m):
            self._width_m = width_m

    def fault(self) -> str:
        """The vendor's names of the errors; empty while there is none."""
        return self._fault

    def recover(self) -> None:
        """frankx's error recovery, or a new bridge if this one is gone.

        Raises:
            DeviceError: the arm still refuses, with its reason.
        """
        try:
            self._raise_if_lost()
        except DeviceLost:
            return self.connect()
        if not self._fault:
            return None
        self._answer = None
        wait_until(lambda: self._post(type="recover"), _RECOVER_S)
        wait_until(lambda: self._answer or self._ended, _RECOVER_S)
        if not self._answer or not self._answer["ok"]:
            why = self._answer["text"] if self._answer else f"no answer in {_RECOVER_S:g} s"
            raise DeviceError(
                f"arm {self.arm!r} does not recover: {why or self._fault}. Free the arm, release the user "
                "stop, then clear again"
            )
        self._fault = ""

    def close(self) -> None:
        """End the bridge after the step under way."""
        bridge, self._bridge = self._bridge, None
        if bridge is None:
            return
        assert bridge.stdin is not None
        bridge.stdin.close()  # the bridge quits at the end of its input
        try:
            bridge.wait(_QUIT_S)
        except subprocess.TimeoutExpired:
            bridge.kill()
            bridge.wait()

    def _forget(self) -> None:
        self._newest: dict[str, Any] = {}
        self._answer: dict[str, Any] | None = None
        self._fault = self._ended = ""
        self._width_m: float | None = None

    def _start(self) -> subprocess.Popen[bytes]:
        python = os.path.expanduser(self._config.python)
        command = [python, "-u", str(_BRIDGE), self._config.for_bridge()]
        try:
            bridge = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        except OSError as error:
            raise DeviceError(
                f"arm {self.arm!r}: `python: {self._config.python}` does not start: {error.strerror}; frankx "
                f"needs an interpreter 3.8 or 3.9 of its own: {_INSTALL}"
            ) from error
        assert bridge.stdin is not None
        os.set_blocking(bridge.stdin.fileno(), False)
        return bridge

    def _read(self, bridge: subprocess.Popen[bytes]) -> None:
        """The reader's thread: takes in what the bridge says until it says no more."""
        assert bridge.stdout is not None
        with os.fdopen(os.dup(bridge.stdout.fileno()), "rb") as source:
            while (message := _receive(source)) is not None:
                if bridge is self._bridge:
                    self._hear(message)
        bridge.stdout.close()
        if bridge is self._bridge and not self._ended:
            self._ended = f"the bridge process ended (exit code {bridge.wait()})"

    def _hear(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "state":
            self._newest = message
        elif kind == "fault":
            self._fault = message["text"]
        elif kind == "recovered":
            self._answer = message
        elif kind in ("refused", "lost"):
            self._ended = message["text"]

    def _post(self, **message: Any) -> bool:
        """Whether the message went into the pipe: all of it or nothing, as it is shorter than PIPE_BUF."""
        assert self._bridge is not None
        assert self._bridge.stdin is not None
        body = json.dumps(message).encode()
        try:
            return os.write(self._bridge.stdin.fileno(), struct.pack("<I", len(body)) + body) > 0
        except BlockingIOError:
            return False
        except BrokenPipeError:
            self._ended = self._ended or "the bridge process ended"
            self._raise_if_lost()
            return False

    def _raise_if_lost(self) -> None:
        if self._bridge is None:
            raise DeviceLost(f"arm {self.arm!r} is not connected: call connect")
        age_s = (time.time_ns() - self._newest["stamp_ns"]) * 1e-9
        if why := self._ended or (f"no state for {age_s:.2f} s" if age_s > self._config.timeout_s else ""):
            raise DeviceLost(
                f"arm {self.arm!r} at {self._config.host} is lost: {why}. "
                "See whether the control unit is on and FCI is active; then clear the stop to connect again"
            )


def _receive(source: BinaryIO) -> dict[str, Any] | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    size = struct.unpack("<I", head)[0]
    body = source.read(size)
    return json.loads(body) if len(body) == size else None


def _matrix(column_major: list[float]) -> np.ndarray:
    return np.array(column_major).reshape(4, 4).T
