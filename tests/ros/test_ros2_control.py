"""The driver `ros2_control` against a stand-in of a robot under CRISP, in another process."""

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from robot.arms.driver import ArmTarget, HardLimits
from robot.core.config import from_dict
from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.se3 import transform
from robot.process_group import ProcessGroup
from robot.ros.arm import Ros2ControlArm
from robot.ros.arm_config import FaultTopic, GripperTopics, Ros2ControlConfig, WrenchTopic
from robot.ros.environment import free_domain_id, ros_environment
from tests.ros import fake_crisp as fake

pytestmark = pytest.mark.ros
ROOT = Path(__file__).parents[2]
INF = float("inf")
LIMITS = HardLimits(1.0, INF, INF, 2.0, INF, INF, (-3.0,) * 3, (3.0,) * 3, (2.0,) * 3)
TOOL_WRENCH = WrenchTopic("/wrench", "tool", "tool")
GRIPPER = GripperTopics(1.0, 0.0, 0.08, command_topic="/gripper/commands")


class Cell:
    """One domain with a fake robot in it, and drivers that are closed at the end."""

    def __init__(self, group: ProcessGroup, logs: Path) -> None:
        self.group, self.logs, self.domain_id = group, logs, free_domain_id()
        self.arms: list[Ros2ControlArm] = []

    def robot(self, **settings: Any) -> None:
        env = {**ros_environment(self.domain_id), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        argv = [sys.executable, str(Path(fake.__file__)), json.dumps(settings)]
        log = self.logs / f"robot{time.monotonic_ns()}.log"
        self.group.start("robot", argv, env, log)
        until(lambda: "up" in log.read_text())

    def arm(self, **options: Any) -> Ros2ControlArm:
        config = Ros2ControlConfig(
            domain_id=self.domain_id,
            joints=("shoulder", "elbow", "wrist"),
            base_frame="base",
            hard_limits=LIMITS,
            wrench=TOOL_WRENCH,
            timeout_s=1.0,  # a slow machine may stop for long
            connect_timeout_s=10.0,
        )
        self.arms.append(Ros2ControlArm("left", dataclasses.replace(config, **options)))
        return self.arms[-1]

    def connected(self, **options: Any) -> Ros2ControlArm:
        arm = self.arm(**options)
        arm.connect()
        return arm

    def refuses(self, *says: str, **options: Any) -> None:
        """Connecting fails and says all that: on a slow machine not at the first look around."""
        arm, heard = self.arm(**{"connect_timeout_s": 1.0, **options}), list[str]()

        def told() -> bool:
            try:
                arm.connect()
            except DeviceError as error:
                heard.append(str(error))
            return bool(heard) and all(part in heard[-1] for part in says)

        until(told, lambda: heard)


@pytest.fixture
def cell(tmp_path: Path) -> Iterator[Cell]:
    with ProcessGroup() as group:
        cell = Cell(group, tmp_path)
        yield cell
        for arm in cell.arms:
            arm.close()


def until(condition: Callable[[], bool], seen: Callable[[], Any] = lambda: "") -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, seen()
        time.sleep(0.01)


def target(*position: float, twist: Any = (0, 0, 0, 0, 0, 0), width: float | None = None) -> ArmTarget:
    T = transform(fake.TURN, position or fake.START)
    return ArmTarget(time.time_ns(), T, np.array(twist, np.float32), width)


def test_the_config_is_read_without_rclpy():
    code = (
        "import sys; sys.modules['rclpy'] = None; from robot.ros.arm import *; print(Ros2ControlArm.Config)"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert "Ros2ControlConfig" in done.stdout, done.stderr


def test_the_config_tells_every_mistake():
    limits = dataclasses.asdict(LIMITS) | {"joint_low_rad": [0.0]}
    options = {"domain_id": 300, "joints": ["a"], "base_frame": "base", "hard_limits": limits, "wrench": None}
    with pytest.raises(ConfigError) as refused:
        from_dict(Ros2ControlConfig, options)
    text = str(refused.value)
    assert "domain_id: got 300, want 0 to 232" in text
    assert "hard_limits.joint_high_rad: got 3 numbers, want 1" in text
    with pytest.raises(ConfigError, match="wrench: missing, and it has no default"):
        from_dict(Ros2ControlConfig, {k: v for k, v in options.items() if k != "wrench"})


def test_the_state_has_the_rigs_joints_frames_and_times(cell):
    cell.robot()
    arm = cell.connected(gripper=GRIPPER)
    state = arm.state()
    assert -1e9 < time.time_ns() - state.stamp_ns < 1e9
    np.testing.assert_allclose(state.q, [0.1, 0.2, 0.3], rtol=1e-6)
    np.testing.assert_allclose(state.dq, [1.0, 2.0, 3.0], rtol=1e-6)
    assert not state.tau.any()
    np.testing.assert_allclose(state.T_base_tcp, transform(fake.TURN, fake.START), atol=1e-9)
    np.testing.assert_allclose(state.wrench, fake.WRENCH, rtol=1e-6)
    cell.refuses("/target_pose has 2 commanders, want this one alone: /nudge_arm_left")
    arm.close()
    with pytest.raises(DeviceLost, match="call connect"):
        arm.state()


def test_the_arm_follows_poses_and_tells_how_it_moves(cell):
    cell.robot()
    arm = cell.connected(gripper=GRIPPER)
    began_ns, speeds = time.time_ns(), []

    def arrived() -> bool:
        arm.send(target(0.6, 0.1, 0.3, width=0.06))
        state = arm.state()
        speeds.append(state.twist[0])
        return bool(np.allclose(state.T_base_tcp[:3, 3], [0.6, 0.1, 0.3], atol=1e-3))

    until(arrived)
    assert max(speeds) > 0.3
    assert np.abs(arm.state().twist[1:]).max() < 0.01
    until(lambda: abs(arm.state().gripper_width - 0.06) < 1e-6)
    assert arm.state().stamp_ns > began_ns
    arm.send(target(0.2, 0.1, 0.3))
    until(lambda: arm.state().T_base_tcp[0, 3] < 0.59)
    arm.close()  # on the way: it stops there
    arm.connect()
    assert arm.state().T_base_tcp[0, 3] > 0.22


def test_the_arm_follows_twists_and_rests_without_them_whatever_the_robots_clock_and_frames(cell, caplog):
    cell.robot(wrench_frame="base", clock_off_s=-100.0)
    source = WrenchTopic("/wrench", "base", "environment")
    arm = cell.connected(command="twist", command_topic="/twist", wrench=source)
    fx, fy, fz, tx, ty, tz = fake.WRENCH  # base x is the tool's -y, base y the tool's x
    np.testing.assert_allclose(arm.state().wrench, [-fy, fx, -fz, -ty, tx, -tz], atol=1e-6)
    assert abs(time.time_ns() - arm.state().stamp_ns) < 1e9  # that of arrival
    assert "stamps are 100.0" in caplog.text
    assert "chrony" in caplog.text

    def moving() -> bool:
        arm.send(target(twist=[0, 0.2, 0, 0, 0, 0.3]))
        return abs(arm.state().twist[1] - 0.2) < 0.02 and abs(arm.state().twist[5] - 0.3) < 0.03

    until(moving)
    assert abs(arm.state().twist[0]) < 0.01
    until(lambda: np.abs(arm.state().twist).max() < 0.001)  # nothing was sent meanwhile


def test_a_killed_robot_is_lost_and_comes_back(cell):
    cell.robot()
    arm = cell.connected()
    arm.state()
    cell.group._children["robot"].process.kill()
    killed_s = time.monotonic()

    with pytest.raises(DeviceLost, match=r"no usable message on /(joint_states|current_pose|wrench) for"):
        until(lambda: arm.state() is None)
    assert 0.9 < time.monotonic() - killed_s < 8.0
    with pytest.raises(DeviceLost):
        arm.send(target())
    cell.robot()
    arm.recover()
    assert arm.state().q.shape == (3,)


def test_a_fault_stays_until_a_person_clears_it(cell):
    cell.robot()
    arm = cell.connected(fault=FaultTopic("/program_running", False))
    assert arm.fault() == ""  # heard, although it was said before we came
    arm.send(target(0.4, 0.1, -0.1))
    until(lambda: "/program_running was false" in arm.fault())
    with pytest.raises(DeviceError, match="It still is"):
        arm.recover()
    arm.send(target(0.4, 0.1, 0.3))  # ignored: the robot would report that it runs
    time.sleep(0.2)
    assert arm.fault()


def test_missing_topics_are_named_with_what_is_there(cell):
    cell.robot(joints="/franka/joint_states", target="/franka/target_pose", pose_is_wrench=True)
    cell.refuses(
        f"arm/left cannot connect over ROS 2 in domain {cell.domain_id}",
        "nobody publishes /joint_states (sensor_msgs/msg/JointState). Of that type there are /",
        "/franka/joint_states",
        "/current_pose carries geometry_msgs/msg/WrenchStamped, want geometry_msgs/msg/PoseStamped",
        "nobody reads /target_pose (geometry_msgs/msg/PoseStamped). Of that type there are /franka",
    )


def test_messages_that_do_not_fit_the_rig_are_explained(cell):
    cell.robot(velocities=False)
    cell.refuses(
        "/joint_states: got positions",
        "the pose is in frame 'base', want 'base_link'",
        "the wrench is in frame 'tool0', but wrench.frame is 'base'",
        "/fake_crisp reads /target_pose as geometry_msgs/msg/PoseStamped, but geometry_msgs/msg/TwistStamped",
        base_frame="base_link",
        wrench=WrenchTopic("/wrench", "base", "tool"),
        command="twist",
        command_topic="/target_pose",
    )


def test_another_machine_needs_another_profile_than_the_sessions(cell, monkeypatch):
    ours = ros_environment(cell.domain_id)["FASTRTPS_DEFAULT_PROFILES_FILE"]
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", ours)
    with pytest.raises(DeviceError, match=r"export FASTRTPS_DEFAULT_PROFILES_FILE=\S+/fastdds_subnet.xml"):
        cell.arm(discovery="subnet").connect()


def test_another_domain_is_an_empty_one(cell):
    cell.robot()
    options = {"domain_id": free_domain_id(), "connect_timeout_s": 0.5}
    cell.refuses("no other node is there at all", "ROS_DOMAIN_ID", **options)
