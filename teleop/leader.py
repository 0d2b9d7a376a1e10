"""A leader arm: a second arm moved by hand, which the follower copies while a clutch is held."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np

from robot.arms import ARMS
from robot.arms.driver import ArmDriver
from robot.core.config import from_dict
from robot.core.errors import ConfigError, DeviceError
from robot.core.se3 import Matrix, difference, exp_so3, log_so3
from robot.core.types import RobotState
from teleop import TELEOP
from teleop.device import Reading, TeleopDevice


class Leader(Protocol):
    """What a leader arm has to offer; every `ArmDriver` under gravity compensation does."""

    def connect(self) -> None:
        """Find it; DeviceError says what is wrong and what to do."""
        ...

    def state(self) -> RobotState:
        """The newest measurement; its pose and gripper width count. DeviceLost if it is gone."""
        ...

    def close(self) -> None:
        """Give it back; safe to call twice."""
        ...


@dataclass(frozen=True)
class LeaderConfig:
    """Which arm leads, what engages it, and how fast the follower is.

    Raises:
        ConfigError: a speed, time or width that is not positive.
    """

    driver: str  # name in robot.arms.ARMS
    speed_mps: float  # of the follower at full deflection: its action's scale over the control period
    turn_speed_radps: float
    clutch: str  # name in teleop.TELEOP: its dead-man is the clutch, its keys count too
    options: dict[str, Any] = field(default_factory=dict)  # the driver's
    clutch_options: dict[str, Any] = field(default_factory=dict)
    catch_up_s: float = 0.2  # in this time the follower makes good most of what it is behind
    open_width_m: float | None = None  # a leader's grip wider than half of it opens; None: no gripper

    def __post_init__(self) -> None:
        names = ("speed_mps", "turn_speed_radps", "catch_up_s", "open_width_m")
        problems = [
            f"{n}: got {v}, want more than 0"
            for n in names
            if (v := getattr(self, n)) is not None and not v > 0
        ]
        if self.clutch == "leader":
            problems.append("clutch: got 'leader', want a device with a button, such as 'gamepad'")
        if problems:
            raise ConfigError(problems, "leader")


class LeaderArm:
    """A `TeleopDevice`: a velocity toward where the leader went since the clutch was engaged.

    The leader's displacement since then, in its base frame, is compared with the displacement asked for so
    far; the difference over ``catch_up_s`` is the velocity, clipped to full deflection. Both are zero when
    the clutch engages, so nothing jumps, wherever leader and follower stand; a leader that is too fast is
    caught up with, not lost. Use it with a `HandMapping` of frame base (or camera), no dead zone, scale 1.
    """

    Config: ClassVar = LeaderConfig

    def __init__(
        self,
        config: LeaderConfig,
        leader: Leader | None = None,
        clutch: TeleopDevice | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._now_s = config, now_s
        self._leader: Leader = leader or make_leader(config)
        self._clutch: TeleopDevice = clutch or make_clutch(config)
        self._follow: _Follow | None = None
        self._grips: set[float] = set()  # seen since the clutch engaged

    def connect(self) -> None:
        """Connect the clutch and the leader; DeviceError says what is wrong and what to do."""
        self.close()
        self._clutch.connect()
        try:
            self._leader.connect()
        except DeviceError:
            self._clutch.close()
            raise

    def read(self) -> Reading:
        """The newest reading; DeviceLost if the leader or its clutch is gone."""
        try:
            hand, state = self._clutch.read(), self._leader.state()
        except DeviceError:
            self._follow, self._grips = None, set()
            raise
        axes, T_leader = np.zeros(6, np.float32), np.asarray(state.T_base_tcp, dtype=np.float64)
        if not hand.engaged:
            self._follow = None
        elif self._follow is None:
            self._follow = _Follow(T_leader, self._now_s())
        else:
            axes = self._follow.axes(T_leader, self._now_s(), self._config)
        gripper = self._gripper(float(state.gripper_width), hand.engaged)
        return Reading(axes, hand.engaged, gripper, hand.keys, hand.key_stamps_ns)

    def close(self) -> None:
        """Give both back; safe to call twice."""
        self._follow = None
        self._leader.close()
        self._clutch.close()

    def _gripper(self, width_m: float, engaged: bool) -> float:
        # Engaging must not drop what the follower holds: the grip counts once it has changed.
        if self._config.open_width_m is None or not engaged:
            self._grips = set()
            return 0.0
        grip = 1.0 if width_m > self._config.open_width_m / 2 else -1.0
        self._grips.add(grip)
        return grip if len(self._grips) == 2 else 0.0


class _Follow:
    """How far the leader went since the clutch engaged, and how far the follower was sent."""

    def __init__(self, T_leader: Matrix, now_s: float) -> None:
        self._T_start, self._last_s = T_leader, now_s
        self._sent_m, self._sent_R = np.zeros(3), np.eye(3)
        self._velocity = np.zeros(6)

    def axes(self, T_leader: Matrix, now_s: float, config: LeaderConfig) -> np.ndarray:
        """Deflection [6] in [-1, 1] toward the leader's displacement."""
        self._send(min(now_s - self._last_s, config.catch_up_s))
        self._last_s = now_s
        moved_m, turned_rad = difference(self._T_start, T_leader)
        behind = np.concatenate([moved_m - self._sent_m, log_so3(exp_so3(turned_rad) @ self._sent_R.T)])
        full = np.repeat([config.speed_mps, config.turn_speed_radps], 3)
        axes = (behind / config.catch_up_s / full).reshape(2, 3)
        # Shortened and not clipped, so that the way there stays straight.
        axes = (axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1.0)).reshape(6)
        self._velocity = axes * full
        return axes.astype(np.float32)

    def _send(self, elapsed_s: float) -> None:
        # What the last deflection has done meanwhile; never further than to where it was going.
        step = self._velocity * elapsed_s
        self._sent_m = self._sent_m + step[:3]
        self._sent_R = exp_so3(step[3:]) @ self._sent_R


def make_leader(config: LeaderConfig) -> ArmDriver:
    """The leader's driver, not yet connected."""
    driver = ARMS.load(config.driver)
    return driver("leader", from_dict(driver.Config, config.options, "leader options"))


def make_clutch(config: LeaderConfig) -> TeleopDevice:
    """The device whose dead-man is the clutch, not yet connected."""
    device = TELEOP.load(config.clutch)
    return device(from_dict(device.Config, config.clutch_options, "leader clutch_options"))
