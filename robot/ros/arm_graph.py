"""An arm's topics as the rig names them: what is heard and what is sent, in numpy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped, TwistStamped, WrenchStamped
from numpy.typing import ArrayLike, NDArray
from rclpy.publisher import Publisher
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray

from robot.core.errors import DeviceError
from robot.core.se3 import quat_xyzw
from robot.ros.arm_config import Ros2ControlConfig
from robot.ros.arm_diagnosis import problems
from robot.ros.arm_feed import Feed
from robot.ros.arm_link import ArmLink
from robot.ros.arm_readers import (
    FaultReader,
    GripperReader,
    JointReader,
    Joints,
    PoseReader,
    Tcp,
    WrenchReader,
)
from robot.ros.convert import to_time


class ArmGraph:
    """Subscribes and publishes from construction to `close`; `await_ready` says whether that is enough."""

    def __init__(self, arm: str, config: Ros2ControlConfig, each_turn: Callable[[], None]) -> None:
        self._arm, self._config = arm, config
        self._make_feeds(config)
        feeds = [*self.state_feeds, *([self.fault] if self.fault else [])]
        self._link = ArmLink(f"nudge_arm_{arm}", config.domain_id, config.discovery, feeds, each_turn)
        kind = PoseStamped if config.command == "pose" else TwistStamped
        self._commands = self._link.publisher(kind, config.command_name)
        self._gripper_commands: Publisher | None = None
        if config.gripper:
            self._gripper_commands = self._link.publisher(Float64MultiArray, config.gripper.command_topic)

    def await_ready(self) -> None:
        """DeviceError with everything that is missing after ``connect_timeout_s``."""
        waited_s = self._config.connect_timeout_s
        if self._link.await_ready(waited_s):
            return
        reach = "this machine" if self._config.discovery == "localhost" else "this network"
        found = problems(self._link, waited_s) or ["its topics came too late: set a longer connect_timeout_s"]
        lines = "".join(f"\n  {i}. {p}" for i, p in enumerate(found, 1))
        raise DeviceError(
            f"arm/{self._arm} cannot connect over ROS 2 in domain {self._config.domain_id} on {reach}:{lines}"
        )

    def send_pose(self, T_base_tcp: NDArray[np.float64]) -> None:
        """A target pose [4, 4] in the base frame."""
        message = PoseStamped()
        self._stamp(message)
        p, o = message.pose.position, message.pose.orientation
        p.x, p.y, p.z = T_base_tcp[:3, 3].tolist()
        o.x, o.y, o.z, o.w = quat_xyzw(T_base_tcp[:3, :3]).tolist()
        self._commands.publish(message)

    def send_twist(self, twist: ArrayLike) -> None:
        """A velocity [6] of the tool centre point, m/s and rad/s, in the axes of the base frame."""
        message = TwistStamped()
        self._stamp(message)
        v, w = message.twist.linear, message.twist.angular
        v.x, v.y, v.z, w.x, w.y, w.z = np.asarray(twist, np.float64).tolist()
        self._commands.publish(message)

    def send_gripper(self, width_m: float) -> None:
        """A width between the fingers, mapped to the gripper's positions."""
        gripper = self._config.gripper
        if gripper is None or self._gripper_commands is None:
            raise DeviceError(f"arm/{self._arm} was asked for a grip, but the rig names no gripper topics")
        share = min(max(width_m / gripper.open_width_m, 0.0), 1.0)
        position = gripper.closed_position + share * (gripper.open_position - gripper.closed_position)
        self._gripper_commands.publish(Float64MultiArray(data=[position]))

    def close(self) -> None:
        """Leave the graph."""
        self._link.close()

    def _make_feeds(self, c: Ros2ControlConfig) -> None:
        sane_s = c.timeout_s
        self.joints: Feed[Joints] = Feed(c.joint_topic, JointState, JointReader(c.joints), sane_s)
        self.tcp: Feed[Tcp] = Feed(c.pose_topic, PoseStamped, PoseReader(c.base_frame), sane_s)
        self.wrench: Feed[NDArray[np.float64]] | None = None
        self.gripper: Feed[float] | None = None
        self.fault: Feed[bool] | None = None
        self.fault_reader: FaultReader | None = None
        if c.wrench:
            self.wrench = Feed(c.wrench.topic, WrenchStamped, WrenchReader(c.wrench, c.base_frame), sane_s)
        if c.gripper:
            self.gripper = Feed(c.gripper.state_topic, JointState, GripperReader(c.gripper), sane_s)
        if c.fault:
            self.fault_reader = FaultReader(c.fault)
            self.fault = Feed(c.fault.topic, Bool, self.fault_reader, sane_s, latched=True)
        optional = [f for f in (self.wrench, self.gripper) if f is not None]
        self.state_feeds: list[Feed[Any]] = [self.joints, self.tcp, *optional]

    def _stamp(self, message: Any) -> None:
        message.header.stamp, message.header.frame_id = to_time(time.time_ns()), self._config.base_frame
