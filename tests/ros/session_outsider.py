"""Plain rclpy scripts that look into a running session: `ROS_DOMAIN_ID=N python session_outsider.py ROLE`."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import rclpy
from rclpy.node import Node
from safetensors import numpy as safetensors
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import UInt8MultiArray

from policies.residual.weights import pack, unflatten
from robot.core import topics
from robot.core.types import Source, Weights
from robot.ros.convert import from_ros, to_ros
from robot.ros.qos import qos
from robot.safety.reason import Reason

GRAPH = {"cell", "teleop", "arbiter", "actor", "recorder", "learner"}
TIMEOUT_S = 60.0


def wait(node: Node, condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {TIMEOUT_S:g} s; nodes: {sorted(node.get_node_names())}")
        rclpy.spin_once(node, timeout_sec=0.1)


def listen(node: Node, ros_type: type, topic: str, service: topics.Service) -> list[Any]:
    heard: list[Any] = []
    node.create_subscription(ros_type, topic, heard.append, qos(service))
    return heard


def observe(node: Node) -> None:
    """The whole graph is there, and any ROS 2 tool can read the arm."""
    joints = listen(node, JointState, "/rig/arm/joint_states", topics.Service.STREAM)
    wait(node, lambda: joints and set(node.get_node_names()) >= GRAPH)
    sys.stdout.write(f"joints {len(joints[0].position)}\n")


def image(node: Node) -> None:
    """A frame of the wrist camera."""
    topic = topics.camera_image("wrist")
    frames = listen(node, Image, topic.name, topic.service)
    wait(node, lambda: frames)
    sys.stdout.write(f"{frames[0].encoding} {frames[0].height} {frames[0].width}\n")


def hold(node: Node) -> None:
    """Forty control steps in which the arm holds, because a device is gone; it strays in the later twenty.

    In the first ones a compliant arm still catches up with its reference, which may be a leash ahead.
    """
    topic = topics.EXECUTED
    heard = listen(node, UInt8MultiArray, topic.name, topic.service)
    joints = listen(node, JointState, "/rig/arm/joint_states", topics.Service.STREAM)
    wait(node, lambda: len(heard) >= 20)
    caught_up = len(joints)
    wait(node, lambda: len(heard) >= 40 and len(joints) > caught_up)
    actions = [from_ros(topic, h) for h in heard]
    strayed = np.ptp([j.position for j in joints[caught_up:]], axis=0).max()
    held = all(a.source is Source.HOLD and a.safety & Reason.DEVICE_LOST for a in actions)
    sys.stdout.write(f"{'held' if held else actions}, strayed {strayed:.4f}\n")


def forge(node: Node) -> None:
    """Weights of another rig, weights with a flipped bit, weights that are not finite."""
    topic = topics.WEIGHTS
    heard = listen(node, UInt8MultiArray, topic.name, topic.service)
    sender = node.create_publisher(UInt8MultiArray, topic.name, qos(topic.service))
    wait(node, lambda: heard and sender.get_subscription_count())
    good = from_ros(topic, heard[-1])
    for bad in (_another_rigs(good), _flipped(good), _not_finite(good)):
        sender.publish(to_ros(bad))
        until = time.monotonic() + 0.5
        wait(node, lambda until=until: time.monotonic() > until)
    sys.stdout.write("published 3\n")


def _params(weights: Weights) -> dict[str, Any]:
    return unflatten(safetensors.load(weights.payload))


def _another_rigs(good: Weights) -> Weights:
    return pack(_params(good), good.version + 1000, good.learner_step, "another rig")


def _flipped(good: Weights) -> Weights:
    return replace(good, payload=good.payload[:-1] + bytes([good.payload[-1] ^ 1]))


def _not_finite(good: Weights) -> Weights:
    arrays = {k: np.full_like(v, np.nan) for k, v in safetensors.load(good.payload).items()}
    return pack(unflatten(arrays), good.version + 1000, good.learner_step, good.spec_fingerprint)


if __name__ == "__main__":
    rclpy.init()
    {"observe": observe, "image": image, "hold": hold, "forge": forge}[sys.argv[1]](Node("outsider"))
