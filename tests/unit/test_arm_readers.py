"""ROS messages of an arm as numbers, without ROS: any object with the fields will do."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from robot.core.errors import DeviceError
from robot.core.se3 import exp_so3, quat_xyzw
from robot.ros.arm_config import FaultTopic, GripperTopics
from robot.ros.arm_readers import FaultReader, GripperReader, JointReader, PoseReader

MS = 1_000_000


def joints(**changes):
    fields = {"name": ["b", "x", "a"], "position": [2.0, 9.0, 1.0], "velocity": [0.2, 0.9, 0.1], "effort": []}
    return SimpleNamespace(**{**fields, **changes})


def pose(position, rotvec=(0.0, 0.0, 0.0), scale=1.0):
    xyz = SimpleNamespace(**dict(zip("xyz", position, strict=True)))
    quat = SimpleNamespace(**dict(zip("xyzw", quat_xyzw(exp_so3(rotvec)) * scale, strict=True)))
    header = SimpleNamespace(frame_id="base")
    return SimpleNamespace(header=header, pose=SimpleNamespace(position=xyz, orientation=quat))


def test_joints_are_picked_by_name():
    got = JointReader(("a", "b"))(joints(effort=[7.0, 8.0, math.nan]), 0)
    assert (got.q.tolist(), got.tau.tolist()) == ([1.0, 2.0], [0.0, 7.0])
    np.testing.assert_allclose(got.dq, [0.1, 0.2])


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (joints(name=["b", "x", "hip"]), r"joints \['a'\] are not among \['b', 'x', 'hip'\]"),
        (joints(velocity=[]), "velocities \\[nan, nan\\], want numbers"),
        (joints(position=[math.nan, 0.0, 0.0]), "got positions"),
    ],
)
def test_joints_that_cannot_be_used_are_refused(message, says):
    with pytest.raises(DeviceError, match=says):
        JointReader(("a", "b"))(message, 0)


def test_the_twist_is_that_of_the_poses_in_the_base_frame():
    reader, v, w = PoseReader("base"), np.array([0.1, -0.2, 0.3]), np.array([0.0, 0.5, -1.0])
    for i in range(200):
        got = reader(pose(v * i * 0.002, w * i * 0.002), i * 2 * MS)
    np.testing.assert_allclose(got.twist, [*v, *w], rtol=1e-4, atol=1e-6)
    for i in range(200, 300):
        got = reader(pose(v * 0.398, w * 0.398), i * 2 * MS)
    assert np.abs(got.twist).max() < 1e-3


def test_jitter_and_times_that_go_back_make_no_speed():
    reader = PoseReader("base")
    reader(pose((0, 0, 0)), 1000 * MS)
    assert not reader(pose((0.001, 0, 0)), 1000 * MS + 1).twist.any()
    assert not reader(pose((0.001, 0, 0)), 900 * MS).twist.any()
    assert reader(pose((0.002, 0, 0)), 910 * MS).twist[0] > 0


@pytest.mark.parametrize("bad", [pose((math.nan, 0, 0)), pose((0, 0, 0), scale=0.5)])
def test_a_pose_that_is_none_is_refused(bad):
    with pytest.raises(DeviceError, match="unit quaternion"):
        PoseReader("base")(bad, 0)


def test_a_gripper_is_as_wide_as_its_joint_says():
    reader = GripperReader(GripperTopics(open_position=0.0, closed_position=0.8, open_width_m=0.1, joint="a"))
    assert reader(joints(position=[0.0, 0.0, 0.2]), 0) == pytest.approx(0.075)
    with pytest.raises(DeviceError, match="no position of 'a'"):
        reader(joints(position=[0.0]), 0)


def test_a_fault_is_remembered():
    reader = FaultReader(FaultTopic("/running", fault_value=False))
    said = [reader(SimpleNamespace(data=value), 0) for value in (True, False, True)]
    assert (said, reader.latched) == ([False, True, False], True)
