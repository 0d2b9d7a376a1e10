"""Copies of our messages in standard types, for rviz, Foxglove and rosbag2. Published only, never read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.node import Node as RosNode
from sensor_msgs.msg import CameraInfo as RosCameraInfo
from sensor_msgs.msg import JointState

from robot.core.se3 import quat_xyzw
from robot.core.topics import Topic
from robot.core.types import CameraInfo, DeviceHealth, RobotState, Status
from robot.ros.convert import to_time
from robot.ros.qos import qos

DIAGNOSTICS = "/diagnostics"
_DEPTH = 10
_Build = Callable[[Any], Any]


class Mirrors:
    """The mirror publishers of one topic; a copy is built only while somebody listens, or may later."""

    def __init__(self, ros: RosNode, topic: Topic) -> None:
        # A latched message is sent once, so its copy is built for readers who come later, too.
        self._latched = topic.type is CameraInfo
        depth = qos(topic.service) if self._latched else _DEPTH
        self._mirrors = [
            (ros.create_publisher(ros_type, name, depth), build)
            for ros_type, name, build in mirrors_of(topic)
        ]

    def publish(self, message: Any) -> None:
        """Send ``message`` to every mirror that has a subscriber."""
        for publisher, build in self._mirrors:
            if self._latched or publisher.get_subscription_count():
                publisher.publish(build(message))


def mirrors_of(topic: Topic) -> list[tuple[type, str, _Build]]:
    """ROS type, name and conversion of every mirror that ``topic`` has."""
    if topic.type is Status:
        return [(DiagnosticArray, DIAGNOSTICS, diagnostics)]
    if topic.type is DeviceHealth:
        return [(DiagnosticArray, DIAGNOSTICS, device_diagnostics)]
    if topic.type is CameraInfo:
        return [(RosCameraInfo, f"{topic.name}_ros", camera_info)]
    if topic.type is not RobotState:
        return []
    arm = topic.name.rpartition("/")[0]
    return [
        (JointState, f"{arm}/joint_states", joint_state),
        (PoseStamped, f"{arm}/tcp_pose", tcp_pose),
        (WrenchStamped, f"{arm}/wrench", wrench),
    ]


def joint_state(state: RobotState) -> JointState:
    """Joints named ``<arm>_joint1``, ...; rad, rad/s, Nm."""
    ros = JointState(name=[f"{state.arm}_joint{i + 1}" for i in range(len(state.q))])
    ros.header.stamp = to_time(state.stamp_ns)
    ros.position, ros.velocity, ros.effort = state.q.tolist(), state.dq.tolist(), state.tau.tolist()
    return ros


def tcp_pose(state: RobotState) -> PoseStamped:
    """``T_base_tcp`` in the frame ``<arm>_base``."""
    ros = PoseStamped()
    ros.header.stamp, ros.header.frame_id = to_time(state.stamp_ns), f"{state.arm}_base"
    p, o = ros.pose.position, ros.pose.orientation
    p.x, p.y, p.z = state.T_base_tcp[:3, 3].tolist()
    o.x, o.y, o.z, o.w = quat_xyzw(state.T_base_tcp[:3, :3]).tolist()
    return ros


def wrench(state: RobotState) -> WrenchStamped:
    """Force and torque on the tool, in the frame ``<arm>_tcp``."""
    ros = WrenchStamped()
    ros.header.stamp, ros.header.frame_id = to_time(state.stamp_ns), f"{state.arm}_tcp"
    f, t = ros.wrench.force, ros.wrench.torque
    f.x, f.y, f.z, t.x, t.y, t.z = state.wrench.tolist()
    return ros


def camera_info(info: CameraInfo) -> RosCameraInfo:
    """The pinhole model in the image's frame, the camera's name; K of zeros says "not calibrated".

    Its topic ends in ``camera_info_ros``, because our own message is on ``camera_info``.
    """
    ros = RosCameraInfo(width=info.width, height=info.height, distortion_model="plumb_bob")
    ros.header.stamp, ros.header.frame_id = to_time(info.stamp_ns), info.camera
    ros.d, ros.k, ros.r = info.distortion.tolist(), info.K.ravel(), np.eye(3).ravel()
    ros.p = np.hstack([info.K, np.zeros((3, 1))]).ravel()
    return ros


def diagnostics(status: Status) -> DiagnosticArray:
    """One node's numbers as one diagnostic status of level OK: a Status carries no verdict."""
    values = [KeyValue(key=key, value=f"{value:g}") for key, value in status.values.items()]
    ros = DiagnosticArray(
        status=[
            DiagnosticStatus(level=DiagnosticStatus.OK, name=status.node, message=status.text, values=values)
        ]
    )
    ros.header.stamp = to_time(status.stamp_ns)
    return ros


def device_diagnostics(health: DeviceHealth) -> DiagnosticArray:
    """One device, OK or in ERROR with the reason and the next step."""
    level = DiagnosticStatus.OK if health.ok else DiagnosticStatus.ERROR
    ros = DiagnosticArray(status=[DiagnosticStatus(level=level, name=health.device, message=health.reason)])
    ros.header.stamp = to_time(health.stamp_ns)
    return ros
