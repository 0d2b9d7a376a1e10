"""What the rig file says of an arm under ROS 2: topics, frames, joints, limits. Imports no rclpy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from robot.arms.driver import HardLimits
from robot.core.errors import ConfigError

_COMMAND_TOPICS = {"pose": "/target_pose", "twist": "/servo_node/delta_twist_cmds"}


@dataclass(frozen=True)
class WrenchTopic:
    """Force and torque about the tool centre point, geometry_msgs/WrenchStamped.

    UR: ``/force_torque_sensor_broadcaster/wrench``, frame_id tool0 (ur_controllers.yaml). franka_ros2:
    ``/franka_robot_state_broadcaster/external_wrench_in_stiffness_frame`` (stiffness frame at the tool centre
    point). Push the tool by hand once and look: the arm retreats along the push only if `acts_on` is right.
    """

    topic: str
    frame: Literal["tool", "base"]  # whose axes the numbers are in
    acts_on: Literal["tool", "environment"]  # on which of the two the force acts


@dataclass(frozen=True)
class GripperTopics:
    """A position-controlled gripper, as crisp_py drives one (crisp_py_franka_hand_adapter.py).

    Widths are mapped linearly to the controller's own positions: 1 open, 0 closed for that adapter.
    """

    open_position: float
    closed_position: float
    open_width_m: float
    joint: str = "gripper_joint"
    command_topic: str = "/gripper/gripper_position_controller/commands"  # std_msgs/Float64MultiArray
    state_topic: str = "/gripper/joint_states"  # sensor_msgs/JointState with `joint`


@dataclass(frozen=True)
class FaultTopic:
    """A std_msgs/Bool that says whether the robot takes commands.

    UR: ``/io_and_status_controller/robot_program_running`` with fault_value false ("if this is false no
    commands can be sent to the robot", ur_controllers doc). A latched topic is read as one.
    """

    topic: str
    fault_value: bool


@dataclass(frozen=True)
class Ros2ControlConfig:
    """Options of the driver `ros2_control`; the defaults are CRISP's and MoveIt Servo's topics.

    Where they come from: crisp_controllers' cartesian_controller.cpp subscribes PoseStamped ``target_pose``
    and its pose_broadcaster.cpp publishes PoseStamped ``current_pose`` (crisp_py's RobotConfig has the same
    names, and ``joint_states``); MoveIt Servo's servo_parameters.yaml takes TwistStamped
    ``~/delta_twist_cmds``. UR's tcp_pose_broadcaster publishes ``~/pose`` in the frame ``base``.

    Twist mode: Servo must run with ``command_in_type: speed_units`` (its own default is unitless) and
    ``apply_twist_commands_about_ee_frame: true``; it stops ``incoming_command_timeout`` after the last twist.
    Since Jazzy it takes twists only once somebody has called its service ``~/switch_command_type``
    (moveit_msgs/srv/ServoCommandType, ``{command_type: 1}``), which this driver does not.
    UR's own twist_controller (``/twist_controller/twist``, frame ``base`` only) has no such timeout: should
    this process be killed, the arm keeps its last velocity, so use Servo or poses there.

    Raises:
        ConfigError: every option that cannot be right.
    """

    domain_id: int  # of the robot's graph: `echo $ROS_DOMAIN_ID` where its driver runs, 0 where that is unset
    joints: tuple[str, ...]  # names in JointState, in the order of the limits; others there are left out
    base_frame: str  # header.frame_id of the poses; commands carry it too
    hard_limits: HardLimits  # from the robot's data sheet: no vendor table comes with ROS
    wrench: WrenchTopic | None  # null: none measured, and the safety layer's force limits see nothing
    command: Literal["pose", "twist"] = "pose"
    command_topic: str | None = None  # null: /target_pose for pose, /servo_node/delta_twist_cmds for twist
    joint_topic: str = "/joint_states"
    pose_topic: str = "/current_pose"
    gripper: GripperTopics | None = None
    fault: FaultTopic | None = None
    timeout_s: float = 0.1  # without a message for so long, the arm is lost
    connect_timeout_s: float = 5.0
    discovery: Literal["localhost", "subnet"] = "localhost"  # subnet: the driver runs on another machine

    def __post_init__(self) -> None:
        if problems := list(self._problems()):
            raise ConfigError(problems, "ros2_control options")

    @property
    def command_name(self) -> str:
        """The topic that targets are sent on."""
        return self.command_topic or _COMMAND_TOPICS[self.command]

    def _problems(self) -> Iterator[str]:
        if not 0 <= self.domain_id <= 232:
            yield f"domain_id: got {self.domain_id}, want 0 to 232"
        if not self.joints or len(set(self.joints)) < len(self.joints):
            yield f"joints: got {list(self.joints)}, want each joint's name once"
        for name in ("joint_low_rad", "joint_high_rad", "joint_speed_radps"):
            if (got := len(getattr(self.hard_limits, name))) != len(self.joints):
                yield f"hard_limits.{name}: got {got} numbers, want {len(self.joints)}, one a joint"
        for name in ("timeout_s", "connect_timeout_s"):
            if not 0 < (seconds := getattr(self, name)) < 60:
                yield f"{name}: got {seconds} s, want over 0 and under 60"
        if self.gripper and self.gripper.open_position == self.gripper.closed_position:
            yield f"gripper: open_position and closed_position are both {self.gripper.open_position}"
        if self.gripper and not self.gripper.open_width_m > 0:
            yield f"gripper.open_width_m: got {self.gripper.open_width_m} m, want over 0"
