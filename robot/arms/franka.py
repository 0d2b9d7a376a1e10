"""FR3 and Panda through franka-rs: its 1 kHz impedance loop is compiled and follows the targets sent here."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np

from robot.arms.driver import ArmTarget, HardLimits
from robot.arms.fci import check_fci
from robot.arms.franka_config import FrankaConfig
from robot.arms.franka_hand import FrankaHand
from robot.arms.franka_idle import IdleReader
from robot.arms.franka_limits import FR3, PANDA
from robot.arms.franka_messages import gone, names, why_not
from robot.arms.franka_wrench import wrench_on_tool
from robot.arms.within_time import within_time
from robot.core.errors import DeviceError, DeviceLost
from robot.core.se3 import quat_xyzw
from robot.core.types import RobotState

_LIMITS = {"fr3": FR3, "panda": PANDA}
_PROTOCOL = {"fr3": 10, "panda": 5}  # FCI versions, by which the control unit tells what it is
_SILENT_S = 1.0  # as long as franka-rs waits; the safety layer holds far earlier, at its stale state
_SHARE = 0.9  # of the vendor's Cartesian limits, for the loop's way from one target to the next
_ANYWHERE_M, _ANYWHERE_RAD = 3.0, 6.2  # the workspace is the safety layer's business
_CLEAR = "look at the arm, then clear the stop"


class FrankaArm:
    """A position in the target slot of franka-rs's loop every `send`; Python is never on the 1 kHz path.

    A reflex ends that loop. It stays ended, and `fault` names it, until `recover`.
    """

    Config: ClassVar[type[FrankaConfig]] = FrankaConfig

    def __init__(self, arm: str, config: FrankaConfig) -> None:
        self.arm, self._config = arm, config
        self._robot: Any = None
        self._model: Any = None
        self._loop: Any = None  # franka.CartesianTargets; None while a fault is latched
        self._idle: IdleReader | None = None  # reads states while no loop does
        self._hand: FrankaHand | None = None
        self._error: type[Exception] = DeviceError  # the SDK's own, once it is imported
        self._fault = self._lost = ""
        self._measured: Any = None
        self._stamp_ns = 0

    @property
    def hard_limits(self) -> HardLimits:
        """The generation's, from the vendor's tables."""
        return _LIMITS[self._config.robot]

    @property
    def command_success_rate(self) -> float:
        """Of the last 100 cycles, the share that the control unit had an answer for in time."""
        return float(self._newest().control_command_success_rate)

    @property
    def robot_time_s(self) -> float:
        """The control unit's clock at the newest measurement; it ticks once a cycle."""
        return float(self._newest().time)

    def connect(self) -> None:
        """Take control and hold the measured pose. An arm in a reflex is connected to, with that fault."""
        franka = _sdk()
        self.close()
        check_fci(self.arm, self._config.host)
        self._error, self._lost = franka.FrankaError, ""
        config = self._config
        try:
            self._robot = within_time(lambda: franka.Robot(config.host, realtime=config.realtime))
            self._check_generation()
            self._prepare()
        except (franka.FrankaError, TimeoutError) as error:
            self.close()
            raise DeviceError(why_not(self.arm, config.host, error)) from error
        except DeviceError:
            self.close()
            raise
        self._begin()

    def state(self) -> RobotState:
        """The newest measurement, at most 1 ms older than its stamp; the wrench is the vendor's estimate."""
        measured = self._newest()
        q, dq = measured.q, measured.dq
        jacobian = self._model.zero_jacobian("ee", q, F_T_EE=measured.F_T_EE)
        return RobotState(
            stamp_ns=self._stamp_ns,
            arm=self.arm,
            q=np.asarray(q, np.float32),
            dq=np.asarray(dq, np.float32),
            tau=np.asarray(measured.tau_J, np.float32),
            T_base_tcp=np.array(measured.O_T_EE),
            twist=np.asarray(jacobian @ dq, np.float32),
            wrench=wrench_on_tool(measured.K_F_ext_hat_K, measured.EE_T_K),
            gripper_width=self._hand.width_m if self._hand else 0.0,
            jacobian=np.asarray(jacobian, np.float32),
        )

    def send(self, target: ArmTarget) -> None:
        """Pull towards this pose from now on; the gripper goes its own way in its own thread."""
        if self.fault():
            self._raise_if_lost()
            return
        T = target.T_base_tcp
        try:
            self._loop.move_to(np.concatenate([T[:3, 3], quat_xyzw(T[:3, :3])]))
        except self._error:  # ended since
            self._end()
            self._raise_if_lost()
            return
        if self._hand is not None and target.gripper_width_m is not None:
            self._hand.go(target.gripper_width_m)

    def fault(self) -> str:
        """The reflexes by the vendor's names, or what the hand reports."""
        if self._loop is not None and not self._loop.running:
            self._end()
        return self._lost or self._fault or (self._hand.fault if self._hand else "")

    def recover(self) -> None:
        """Clear the reflex, then hold the pose that is measured now; takes about 0.1 s.

        Raises:
            DeviceError: the arm is not ready yet, and what a person has to do.
        """
        if self._lost or self._robot is None or (self._hand and self._hand.fault):
            self.connect()
        elif self._fault:
            self._stop_reading()
            try:
                self._robot.automatic_error_recovery()
            except self._error as error:
                self._hold_fault(f"{self._fault}; not recovered: {error}")
                raise DeviceError(f"arm {self.arm!r}: {self._fault}") from error
            self._begin()
        if self._fault:
            raise DeviceError(f"arm {self.arm!r}: {self._fault}")

    def close(self) -> None:
        """Hold where the arm is, end the loop, and let go."""
        if self._hand is not None:
            self._hand.close()
        self._stop_reading()
        if self._loop is not None:
            try:
                self._loop.move_to(self._loop.state().O_T_EE[:3, 3])
                self._loop.stop()
            except self._error:
                pass  # it had ended: nothing is left to stop
        self._robot = self._model = self._loop = self._hand = self._measured = None

    def _prepare(self) -> None:
        config = self._config
        torques, wrench = list(config.collision_torques_nm), list(config.collision_wrench)
        self._robot.set_collision_behavior_simple(torques, torques, wrench, wrench)
        self._model = self._robot.model()
        if config.use_gripper:
            hand = within_time(self._robot.gripper)
            self._hand = FrankaHand(hand, self._error, config.gripper_speed_mps, config.gripper_force_n)
        self._note(self._robot.read_once())

    def _check_generation(self) -> None:
        wanted, got = _PROTOCOL[self._config.robot], self._robot.fci_version
        if got != wanted:
            names = {version: name for name, version in _PROTOCOL.items()}
            raise DeviceError(
                f"arm {self.arm!r}: {self._config.host} speaks FCI version {got}, want {wanted} for "
                f"{self._config.robot!r}; write `robot: {names.get(got, '?')}` in the rig file"
            )

    def _begin(self) -> None:
        limits, config = self.hard_limits, self._config
        try:
            self._loop = self._robot.cartesian_targets(
                max_velocity=_SHARE * limits.speed_mps,
                max_acceleration=_SHARE * limits.acceleration_mps2,
                max_jerk=_SHARE * limits.jerk_mps3,
                max_angular_velocity=_SHARE * limits.turn_speed_radps,
                max_angular_acceleration=_SHARE * limits.turn_acceleration_radps2,
                max_angular_jerk=_SHARE * limits.turn_jerk_radps3,
                max_deviation=_ANYWHERE_M,
                max_angular_deviation=_ANYWHERE_RAD,
                cartesian_stiffness=list(config.stiffness),
                torque_limits=list(config.torque_limits_nm),
                leash=(config.leash_m, config.leash_rad),
            )
            self._fault = ""
        except self._error as error:
            self._hold_fault(f"cannot take control: {error}; {_CLEAR}")

    def _end(self) -> None:
        loop, self._loop = self._loop, None
        self._note(loop.state())
        try:
            loop.stop()
            self._hold_fault(f"the control loop ended by itself; {_CLEAR}")
        except self._error as error:
            if getattr(error, "kind", "") == "network":
                self._lost = gone(self.arm, self._config.host, error)
            else:
                self._hold_fault(f"{names(error)}; {_CLEAR}")

    def _hold_fault(self, why: str) -> None:
        self._fault = why
        self._idle = IdleReader(self._robot, self._error, self._measured)

    def _stop_reading(self) -> None:
        if self._idle is not None:
            self._idle.close()
            self._note(self._idle.newest)
            self._idle = None

    def _newest(self) -> Any:
        self.fault()  # notices a loop that has ended
        self._raise_if_lost()
        if self._loop is None and self._idle is None:
            raise DeviceLost(f"arm {self.arm!r}: not connected; connect first")
        if self._idle is not None and self._idle.error:
            self._lost = gone(self.arm, self._config.host, self._idle.error)
            self._raise_if_lost()
        is_new = self._note(self._idle.newest if self._idle is not None else self._loop.state())
        if not is_new and time.time_ns() - self._stamp_ns > _SILENT_S * 1e9:
            raise DeviceLost(gone(self.arm, self._config.host, f"no state for {_SILENT_S:g} s"))
        return self._measured

    def _note(self, measured: Any) -> bool:
        """Keeps a state and when it came; whether it is a new one, by the control unit's own clock."""
        is_new = self._measured is None or measured.time != self._measured.time
        if is_new:
            self._measured, self._stamp_ns = measured, time.time_ns()
        return is_new

    def _raise_if_lost(self) -> None:
        if self._lost:
            raise DeviceLost(self._lost)


def _sdk() -> Any:
    try:
        import franka
    except ImportError as error:
        raise DeviceError(
            f"the arm driver 'franka' needs franka-rs: {error}; install it: pip install 'nudge[franka]'"
        ) from error
    return franka
