"""A rclpy stand-in of a robot under CRISP: `python fake_crisp.py SETTINGS`, settings as JSON.

Publishes what crisp_controllers' broadcasters publish (joint_states and current_pose, 500 Hz) and a wrench
(100 Hz), and follows target_pose, or a twist as UR's twist_controller does (frame checked, no timeout).
"""

import json
import sys
import time
from dataclasses import dataclass

import numpy as np
import rclpy
from geometry_msgs.msg import PoseStamped, TwistStamped, WrenchStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64MultiArray

from robot.core.se3 import exp_so3, from_quat_xyzw, log_so3, quat_xyzw

JOINTS = ("elbow", "shoulder", "wrist")  # as the robot orders them; a finger of the gripper in between
Q = {"shoulder": 0.1, "elbow": 0.2, "wrist": 0.3}
START = np.array([0.4, 0.1, 0.3])
TURN = exp_so3([0.0, 0.0, np.pi / 2])  # of the tool at the start
WRENCH = (1.0, 2.0, 3.0, 0.1, 0.2, 0.3)
LAG_S, PERIOD_S = 0.05, 0.002


@dataclass(frozen=True)
class Settings:
    joints: str = "/joint_states"
    pose: str = "/current_pose"
    target: str = "/target_pose"
    pose_is_wrench: bool = False
    wrench_frame: str = "tool0"
    clock_off_s: float = 0.0
    velocities: bool = True


class FakeCrisp(Node):
    def __init__(self, settings: Settings) -> None:
        super().__init__("fake_crisp")
        self.settings, s = settings, settings
        self.position, self.R, self.width = START.copy(), TURN.copy(), 0.0
        self.goal, self.goal_R, self.twist = START.copy(), TURN.copy(), np.zeros(6)
        self.joints = self.create_publisher(JointState, s.joints, 10)
        self.poses = self.create_publisher(WrenchStamped if s.pose_is_wrench else PoseStamped, s.pose, 10)
        self.wrenches = self.create_publisher(WrenchStamped, "/wrench", 10)
        self.gripper = self.create_publisher(JointState, "/gripper/joint_states", 10)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.running = self.create_publisher(Bool, "/program_running", latched)
        self.running.publish(Bool(data=True))
        self.create_subscription(PoseStamped, s.target, self.on_pose, 1)
        self.create_subscription(TwistStamped, "/twist", self.on_twist, 1)
        self.create_subscription(Float64MultiArray, "/gripper/commands", self.on_gripper, 1)
        self.create_timer(PERIOD_S, self.step)
        self.create_timer(0.01, self.slow_step)

    def on_pose(self, message: PoseStamped) -> None:
        p, o = message.pose.position, message.pose.orientation
        self.goal, self.goal_R = np.array([p.x, p.y, p.z]), from_quat_xyzw([o.x, o.y, o.z, o.w])
        self.running.publish(Bool(data=bool(p.z > 0)))

    def on_twist(self, message: TwistStamped) -> None:
        if message.header.frame_id == "base":
            v, w = message.twist.linear, message.twist.angular
            self.twist = np.array([v.x, v.y, v.z, w.x, w.y, w.z])

    def on_gripper(self, message: Float64MultiArray) -> None:
        self.width = message.data[0]

    def stamp(self, message, frame):
        now_ns = time.time_ns() + int(self.settings.clock_off_s * 1e9)
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(now_ns, 10**9)
        message.header.frame_id = frame
        return message

    def step(self) -> None:
        share = 1 - np.exp(-PERIOD_S / LAG_S)
        self.goal += self.twist[:3] * PERIOD_S
        self.goal_R = exp_so3(self.twist[3:] * PERIOD_S) @ self.goal_R
        self.position += share * (self.goal - self.position)
        self.R = exp_so3(share * log_so3(self.goal_R @ self.R.T)) @ self.R
        names = [JOINTS[0], "finger", *JOINTS[1:]]
        positions = [Q.get(n, 9.0) for n in names]
        velocities = [10 * p for p in positions] if self.settings.velocities else []
        state = JointState(name=names, position=positions, velocity=velocities)
        self.joints.publish(self.stamp(state, ""))
        pose = WrenchStamped() if self.settings.pose_is_wrench else self.pose()
        self.poses.publish(self.stamp(pose, "base"))

    def pose(self) -> PoseStamped:
        message = PoseStamped()
        p, o = message.pose.position, message.pose.orientation
        p.x, p.y, p.z = self.position.tolist()
        o.x, o.y, o.z, o.w = quat_xyzw(self.R).tolist()
        return message

    def slow_step(self) -> None:
        message = self.stamp(WrenchStamped(), self.settings.wrench_frame)
        f, t = message.wrench.force, message.wrench.torque
        f.x, f.y, f.z, t.x, t.y, t.z = WRENCH
        self.wrenches.publish(message)
        self.gripper.publish(self.stamp(JointState(name=["gripper_joint"], position=[self.width]), ""))


if __name__ == "__main__":
    rclpy.init()
    robot = FakeCrisp(Settings(**json.loads(sys.argv[1])))
    sys.stdout.write("up\n")
    sys.stdout.flush()
    rclpy.spin(robot)
