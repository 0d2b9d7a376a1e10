"""A device that goes or comes back, as any ROS 2 tool sees it."""

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from robot.core import topics
from robot.core.types import DeviceHealth
from robot.ros.mirrors import mirrors_of


@pytest.mark.parametrize(("ok", "level"), [(True, DiagnosticStatus.OK), (False, DiagnosticStatus.ERROR)])
def test_device_health_is_a_diagnostic_of_that_level(ok, level):
    ((ros_type, name, build),) = mirrors_of(topics.DEVICES)
    array = build(DeviceHealth(1_500_000_000_000_000_123, "camera/wrist", ok, "unplugged: plug it in"))
    assert (ros_type, name) == (DiagnosticArray, "/diagnostics")
    assert (array.header.stamp.sec, array.header.stamp.nanosec) == (1_500_000_000, 123)
    (status,) = array.status
    assert (status.level, status.name, status.message) == (level, "camera/wrist", "unplugged: plug it in")
