"""A real hand device as a node: read at each arm state, watched in between, brought back when it is lost."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from robot.core import topics
from robot.core.errors import DeviceError
from robot.core.node import Node
from robot.core.topics import Topic
from robot.core.types import DeviceHealth, EpisodeStart, Event, RobotState, TeleopCommand
from robot.rig import TeleopRig
from teleop.device import Reading, TeleopDevice
from teleop.mapping import to_command


class TeleopNode(Node):
    """Answers each state of the arm with a command of the same stamp, so that one control step is one answer.

    Between the states it looks for keys and for a lost device. While the device is lost every answer says
    so, and a thread tries to connect again. The dead-man must be let go once before it counts: in every
    episode, and after a loss.

    Args:
        device: not yet connected; `start` connects it, and a device that is missing then is an error.
        rig: which arm it moves, and how.
        period_s: how often it looks, s: bounds how late a stop key or an unplugged cable is seen.
        retry_s: between two attempts to connect a lost device, s.
    """

    def __init__(
        self, device: TeleopDevice, rig: TeleopRig, period_s: float = 0.02, retry_s: float = 1.0
    ) -> None:
        self.name, self.period_s, self._retry_s = f"teleop_{rig.arm}", period_s, retry_s
        self._device, self._rig = device, rig
        self._health = f"teleop/{rig.device}/{rig.arm}"
        self._allowed, self._let_go = True, False
        self._reason, self._reported = "", ""
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(1, f"{self.name}_connect")
        self._connecting: Future[bool] | None = None
        self._state_topic = topics.arm_state(rig.arm)
        self.inputs = (self._state_topic, topics.EPISODE_START)
        self.outputs = (topics.TELEOP, topics.EVENT, topics.DEVICES)

    def start(self) -> None:
        """Connect the device; DeviceError if it is not there."""
        self._device.connect()

    def on(self, topic: Topic, message: RobotState | EpisodeStart) -> None:
        """Answer a state with a reading."""
        if isinstance(message, EpisodeStart):
            self._allowed, self._let_go = message.teleop_allowed, False
        elif self._connecting is not None:
            self.publish(topics.TELEOP, self._lost(message.stamp_ns))
        elif (reading := self._read(message.stamp_ns)) is not None:
            self.publish(topics.TELEOP, self._command(reading, message))

    def tick(self, now_ns: int) -> None:
        """Look for keys and for a device that went or came back."""
        if self._connecting is None:
            self._read(now_ns)
        elif not self._connecting.done():
            self._report(now_ns)
        elif self._connecting.result():  # raises what is no DeviceError: a bug shall not look like a cable
            self._connecting, self._let_go = None, False
            self._reported = ""
            self.publish(topics.DEVICES, DeviceHealth(now_ns, self._health, ok=True))

    def close(self) -> None:
        """Give the device back."""
        self._closing.set()
        self._pool.shutdown()
        self._device.close()

    def _read(self, now_ns: int) -> Reading | None:
        try:
            reading = self._device.read()
        except DeviceError as error:
            self._reason = str(error)
            self._lose(now_ns)
            return None
        self._let_go = self._let_go or not reading.engaged
        for key, stamp_ns in zip(reading.keys, reading.key_stamps_ns, strict=True):
            self.publish(topics.EVENT, Event(stamp_ns, key, self._health))
        return reading

    def _lose(self, now_ns: int) -> None:
        self.publish(topics.TELEOP, self._lost(now_ns))  # the arm first: the report may wait
        self._report(now_ns)
        self._connecting = self._pool.submit(self._reconnect)

    def _report(self, now_ns: int) -> None:
        reason = self._reason  # a new one when, say, the device is plugged in again without permission
        if reason != self._reported:
            self._reported = reason
            self.publish(topics.DEVICES, DeviceHealth(now_ns, self._health, ok=False, reason=reason))

    def _reconnect(self) -> bool:
        while not self._closing.wait(self._retry_s):
            try:
                self._device.connect()
                return True
            except DeviceError as error:
                self._reason = str(error)
        return False

    def _command(self, reading: Reading, state: RobotState) -> TeleopCommand:
        if not (self._allowed and self._let_go):
            return TeleopCommand(state.stamp_ns, self._rig.arm, np.zeros(6, np.float32))
        return to_command(reading, self._rig.mapping, self._rig.arm, state.T_base_tcp, state.stamp_ns)

    def _lost(self, stamp_ns: int) -> TeleopCommand:
        return TeleopCommand(stamp_ns, self._rig.arm, np.zeros(6, np.float32), lost=True)
