"""The doctor's look into a ROS domain, against a real publisher in it."""

import pytest

pytest.importorskip("rclpy")

from rclpy.context import Context
from rclpy.node import Node as RosNode
from std_msgs.msg import UInt8MultiArray

from robot.ros.environment import free_domain_id
from robot.ros.graph_look import publishers_of

pytestmark = pytest.mark.ros


def test_publishers_of_one_domain_are_seen_by_name() -> None:
    domain_id, context = free_domain_id(), Context()
    context.init(domain_id=domain_id)
    node = RosNode("cell", context=context, namespace="rig_a")
    try:
        node.create_publisher(UInt8MultiArray, "/rig/left/state", 1)
        seen = publishers_of(["/rig/left/state", "/rig/right/state"], domain_id)
    finally:
        node.destroy_node()
        context.try_shutdown()
    assert seen == {"/rig/left/state": ["/rig_a/cell"], "/rig/right/state": []}
