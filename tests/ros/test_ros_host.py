"""RosHost as real processes, each test in a domain of its own."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node as RosNode
from sensor_msgs.msg import Image as RosImage
from sensor_msgs.msg import JointState
from std_msgs.msg import UInt8MultiArray

from robot.core import codec, topics
from robot.core.errors import NudgeError
from robot.core.topics import Service
from robot.process_group import ProcessGroup
from robot.ros.environment import free_domain_id, require_rclpy, ros_environment
from robot.ros.qos import qos
from tests.ros import host_children as children

pytestmark = pytest.mark.ros
ROOT = Path(__file__).parents[2]


class Graph:
    """One domain: child processes, and a plain rclpy node of our own."""

    def __init__(self, group: ProcessGroup, logs: Path) -> None:
        self.group, self.logs, self.domain_id = group, logs, free_domain_id()
        self.context = Context()
        self.context.init(domain_id=self.domain_id)
        self.ros = RosNode("outsider", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.ros)
        self.heard: dict[str, list[Any]] = {}

    def start(self, *roles: str) -> None:
        env = {**ros_environment(self.domain_id), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        for role in roles:
            argv = [sys.executable, str(Path(children.__file__)), role]
            self.group.start(role, argv, env, self.logs / f"{role}.log")

    def ends(self, role: str, status: int = 0) -> str:
        got = self.group.wait(role, 20.0)
        text = self.group.tail(role, 500)
        assert got == status, f"{role} ended with {got}:\n{text}"
        return text

    def listen(self, ros_type: type, topic: str, service: Service = Service.STREAM) -> None:
        self.heard[topic] = []
        self.ros.create_subscription(ros_type, topic, self.heard[topic].append, qos(service))

    def until(self, condition: Callable[[], Any], timeout_s: float = 15.0) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, {name: len(m) for name, m in self.heard.items()}
            self.executor.spin_once(0.05)

    def close(self) -> None:
        self.executor.shutdown()
        self.ros.destroy_node()
        self.context.shutdown()


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    with ProcessGroup() as group:
        graph = Graph(group, tmp_path)
        yield graph
        graph.close()


def test_round_trip_between_two_processes_in_simulated_time(graph, capsys):
    graph.start("ping", "pong")
    report = graph.ends("ping")
    assert f"round trips {children.ROUNDS} " in report
    assert f"newest {children.ROUNDS}" in graph.ends("pong")
    with capsys.disabled():
        print("\n" + report.splitlines()[-1])  # noqa: T201


def test_frames_and_mirrors_reach_plain_ros_and_sigint_closes(graph):
    mirrors = {JointState: "joint_states", PoseStamped: "tcp_pose", WrenchStamped: "wrench"}
    graph.listen(RosImage, children.IMAGE.name, Service.SENSOR)
    for ros_type, name in mirrors.items():
        graph.listen(ros_type, f"/rig/left/{name}")
    graph.start("camera")
    graph.until(lambda: all(graph.heard.values()))
    image = graph.heard[children.IMAGE.name][0]
    assert (image.encoding, image.height, image.width, image.header.frame_id) == ("rgb8", 480, 640, "wrist")
    assert (image.header.stamp.sec, image.header.stamp.nanosec) == (1_500_000_000, 123)
    assert bytes(image.data) == children.FRAME.pixels.tobytes()
    joints, pose, wrench = (graph.heard[f"/rig/left/{name}"][0] for name in mirrors.values())
    assert (joints.name[6], joints.position[6]) == ("left_joint7", 6.0)
    assert (pose.pose.position.z, pose.pose.orientation.w) == (3.0, 1.0)
    assert (wrench.wrench.force.y, wrench.wrench.torque.z) == (1.0, 5.0)
    graph.group.stop("camera")
    assert graph.ends("camera").count("closed") == 1


def test_status_is_diagnosed_and_sigterm_closes(graph):
    graph.listen(DiagnosticArray, "/diagnostics")
    graph.start("camera")
    graph.until(lambda: graph.heard["/diagnostics"])
    status = graph.heard["/diagnostics"][0].status[0]
    assert (status.name, status.message) == ("camera", "well")
    assert (status.values[0].key, status.values[0].value) == ("fps", "9.5")
    graph.group._children["camera"].process.terminate()
    assert graph.ends("camera", status=143).count("closed") == 1


def test_ticks_keep_their_rate_and_a_failing_node_is_closed(graph):
    graph.start("ticker")
    text = graph.ends("ticker", status=1)
    took_ms = float(text.partition("in_ms ")[2].split()[0])
    assert 990 < took_ms < 1500
    assert "ValueError: the node's own mistake" in text
    assert text.count("closed") == 1


def test_weights_reach_a_late_joiner(graph):
    graph.start("learner")
    graph.until(lambda: "published" in graph.group.tail("learner"))
    graph.listen(UInt8MultiArray, topics.WEIGHTS.name, Service.LATCHED)
    graph.until(lambda: graph.heard[topics.WEIGHTS.name])
    weights = codec.decode(bytes(graph.heard[topics.WEIGHTS.name][0].data))
    assert (weights.version, weights.payload) == (3, children.PAYLOAD)


def test_damaged_and_mistyped_messages_are_dropped_with_a_line(graph):
    sender = graph.ros.create_publisher(UInt8MultiArray, children.COUNT.name, qos(Service.STREAM))
    graph.start("counter")
    graph.until(sender.get_subscription_count)
    good = codec.encode(children.action(99))
    damaged = good[:-1] + bytes([good[-1] ^ 1])
    mistyped = codec.encode(children.FRAME)
    for data in (damaged, mistyped, good):
        sender.publish(UInt8MultiArray(data=data))
    text = graph.ends("counter")
    assert text.count("dropped a message on /test/count") == 2
    assert "checksum" in text
    assert "got a Image on /test/count, want Action" in text
    assert "got 99" in text


def test_what_is_published_last_still_arrives(graph):
    graph.start("counter", "burst")
    graph.ends("burst")
    got = [line for line in graph.ends("counter").splitlines() if line.startswith("got ")]
    assert got == [f"got {number}" for number in range(100)]


def test_two_nodes_of_one_process_hear_each_other(graph):
    graph.start("loopback")
    text = graph.ends("loopback")
    assert text.index("got 99") < text.index("burst closed")


def test_publishing_the_undeclared_or_another_type_raises(graph):
    graph.start("undeclared")
    text = graph.ends("undeclared")
    assert "SpecMismatch: undeclared may not publish Action on /rig/action/command" in text
    assert "SpecMismatch: undeclared may not publish Action on /rig/actor/status" in text


def test_nothing_starts_while_the_other_end_is_missing(graph):
    graph.start("lonely")
    text = graph.ends("lonely", status=1)
    assert "ping: no publisher on /rig/action/executed after 0.3 s" in text
    assert "round trips" not in text


def test_a_domain_id_is_nobody_elses():
    argv = [sys.executable, "-c", "from robot.ros.environment import *; print(free_domain_id())"]
    ours = {free_domain_id(), free_domain_id()}
    theirs = int(subprocess.run(argv, cwd=ROOT, capture_output=True, check=True).stdout)
    assert len(ours | {theirs}) == 3
    assert all(1 <= i <= 101 for i in (*ours, theirs))


def test_the_environment_keeps_what_a_sourced_installation_says(monkeypatch):
    for name in ("AMENT_PREFIX_PATH", "ROS_DISTRO", "FASTRTPS_DEFAULT_PROFILES_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")
    ours = ros_environment(7)
    assert (ours["ROS_DOMAIN_ID"], ours["ROS_AUTOMATIC_DISCOVERY_RANGE"]) == ("7", "LOCALHOST")
    assert ours["RMW_IMPLEMENTATION"] == "rmw_fastrtps_cpp"
    assert Path(ours["FASTRTPS_DEFAULT_PROFILES_FILE"]).is_file()
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/jazzy")
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    assert ros_environment(7)["RMW_IMPLEMENTATION"] == "rmw_cyclonedds_cpp"
    with pytest.raises(NudgeError, match="got 200, want 1 to 101"):
        ros_environment(200)


def test_missing_ros_names_the_next_step(monkeypatch):
    require_rclpy()
    monkeypatch.setitem(sys.modules, "rclpy", None)
    with pytest.raises(NudgeError, match=r"pip install 'nudge\[ros\]'"):
        require_rclpy()
