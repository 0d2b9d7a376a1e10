"""Any arm that a lab already runs under ROS 2: CRISP controllers, MoveIt Servo, ur_robot_driver, others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from robot.arms.driver import ArmTarget, HardLimits
from robot.core.errors import DeviceError, DeviceLost, NudgeError
from robot.core.types import RobotState
from robot.ros.arm_config import Ros2ControlConfig
from robot.ros.environment import require_rclpy

if TYPE_CHECKING:  # rclpy is imported by `connect`, so that the rig can be read without it
    from robot.ros.arm_graph import ArmGraph

_STILL = np.zeros(6)
_GRIPPER_TIMEOUTS = 10  # a gripper's state comes at a lower rate than the arm's


class Ros2ControlArm:
    """Target poses or twists out; joint states, the tool's pose and wrench in. See `Ros2ControlConfig`.

    `state` is the newest message of each topic, stamped with the oldest of joints and pose. The twist is the
    filtered difference of poses (20 ms behind), the Jacobian unknown. Twists are followed by rest when none
    was sent for ``timeout_s``, for not every controller has a timeout of its own.
    """

    Config: ClassVar[type[Any]] = Ros2ControlConfig

    def __init__(self, arm: str, config: Ros2ControlConfig) -> None:
        self.arm, self._config = arm, config
        self._graph: ArmGraph | None = None
        self._sent_s: float | None = None  # monotonic time of the last target; None: the arm was not moved

    @property
    def hard_limits(self) -> HardLimits:
        """Those of the rig file: ROS has no table of them."""
        return self._config.hard_limits

    def connect(self) -> None:
        """Wait for the first message of each topic and for a reader of the commands.

        Raises:
            DeviceError: names each topic that is missing, of another type or mute, what is there instead, and
                the ROS domain.
        """
        self.close()
        try:
            require_rclpy()
        except NudgeError as error:
            raise DeviceError(f"arm/{self.arm}: {error}") from error
        from robot.ros.arm_graph import ArmGraph

        graph = ArmGraph(self.arm, self._config, self._rest_when_due)
        try:
            graph.await_ready()
        except BaseException:
            graph.close()
            raise
        self._graph = graph

    def state(self) -> RobotState:
        """The newest measurement; DeviceLost when joints, pose or wrench are older than ``timeout_s``."""
        graph = self._fresh()
        joints, tcp = graph.joints.sample(), graph.tcp.sample()
        return RobotState(
            stamp_ns=min(joints.stamp_ns, tcp.stamp_ns),
            arm=self.arm,
            q=joints.value.q,
            dq=joints.value.dq,
            tau=joints.value.tau,
            T_base_tcp=tcp.value.T_base_tcp,
            twist=tcp.value.twist,
            wrench=self._wrench(graph, tcp.value.T_base_tcp),
            gripper_width=graph.gripper.sample().value if graph.gripper else 0.0,
        )

    def send(self, target: ArmTarget) -> None:
        """Publish the pose or the twist, and the gripper's position if one is named."""
        graph = self._fresh()
        if self.fault():
            return
        self._sent_s = time.monotonic()
        if self._config.command == "pose":
            graph.send_pose(target.T_base_tcp)
        else:
            graph.send_twist(target.twist)
        if target.gripper_width_m is not None:
            graph.send_gripper(target.gripper_width_m)

    def fault(self) -> str:
        """What the fault topic said, also if it has passed since; empty without such a topic."""
        if self._graph is None or not self._graph.fault_reader or not self._graph.fault_reader.latched:
            return ""
        assert self._config.fault is not None
        topic, value = self._config.fault.topic, str(self._config.fault.fault_value).lower()
        return f"the robot reported a fault: {topic} was {value}; see its pendant or log, then clear the stop"

    def recover(self) -> None:
        """Connect again if the connection is gone; else forget the fault, if the robot reports none now."""
        try:
            graph = self._fresh()
        except DeviceLost:
            return self.connect()
        if graph.fault_reader and graph.fault and graph.fault.sample().value:
            raise DeviceError(f"arm/{self.arm}: {self.fault()}. It still is: nothing to clear yet")
        if graph.fault_reader:
            graph.fault_reader.latched = False

    def close(self) -> None:
        """Stop where the arm is, if it was moved, and leave the graph."""
        graph, self._graph = self._graph, None
        if graph is None:
            return
        if self._sent_s is not None and self._config.command == "twist":
            graph.send_twist(_STILL)
        elif self._sent_s is not None and graph.tcp.age_s() <= self._config.timeout_s:
            graph.send_pose(graph.tcp.sample().value.T_base_tcp)
        self._sent_s = None
        graph.close()

    def _fresh(self) -> ArmGraph:
        if self._graph is None:
            raise DeviceLost(f"arm/{self.arm} is not connected: call connect")
        limit_s = self._config.timeout_s
        for feed in self._graph.state_feeds:
            allowed_s = limit_s * _GRIPPER_TIMEOUTS if feed is self._graph.gripper else limit_s
            if (age_s := feed.age_s()) > allowed_s:
                next_step = feed.problem or "see whether the robot's driver runs"
                raise DeviceLost(
                    f"arm/{self.arm}: no usable message on {feed.topic} for {age_s:.2f} s, "
                    f"limit {allowed_s:g} s (ROS domain {self._config.domain_id}): {next_step}"
                )
        return self._graph

    def _wrench(self, graph: ArmGraph, T_base_tcp: NDArray[np.float64]) -> NDArray[np.float32]:
        if graph.wrench is None or self._config.wrench is None:
            return np.zeros(6, np.float32)
        wrench = graph.wrench.sample().value
        if self._config.wrench.frame == "base":
            wrench = (wrench.reshape(2, 3) @ T_base_tcp[:3, :3]).reshape(6)  # R_base_tcp^T f, for both rows
        return wrench.astype(np.float32)

    def _rest_when_due(self) -> None:
        """Called by the graph's thread all the time: no target for ``timeout_s`` means rest."""
        graph, sent_s = self._graph, self._sent_s
        if graph is None or sent_s is None or self._config.command != "twist":
            return
        if time.monotonic() - sent_s > self._config.timeout_s:
            graph.send_twist(_STILL)
