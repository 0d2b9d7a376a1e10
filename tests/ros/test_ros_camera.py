"""RosCamera against a real rclpy publisher in another context, in a domain of its own."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node as RosNode
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo as RosCameraInfo
from sensor_msgs.msg import CompressedImage
from sensor_msgs.msg import Image as RosImage

from robot.cameras.driver import Frame
from robot.core import topics
from robot.core.errors import DeviceError, DeviceLost
from robot.core.types import CameraInfo
from robot.ros.camera import RosCamera, RosCameraConfig
from robot.ros.convert import to_time
from robot.ros.environment import free_domain_id
from robot.ros.mirrors import Mirrors
from robot.ros.qos import qos

pytestmark = pytest.mark.ros
cv2 = pytest.importorskip("cv2")

STAMP = 1_700_000_000_123_456_789
RGB = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


class Publisher:
    """Another machine's camera: publishes its messages every 20 ms until told to stop."""

    def __init__(self, domain_id: int) -> None:
        self.context = Context()
        self.context.init(domain_id=domain_id)
        self.ros = RosNode("their_camera", context=self.context)
        self.sends: list[tuple[Any, Any]] = []
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def add(self, message: Any, topic: str, profile: Any = 5) -> None:
        self.sends.append((self.ros.create_publisher(type(message), topic, profile), message))

    def run(self) -> None:
        while not self.enough.wait(0.02):
            for publisher, message in self.sends:
                publisher.publish(message)

    def stop(self) -> None:
        self.enough.set()
        if self.thread.ident:
            self.thread.join()

    def close(self) -> None:
        self.stop()
        self.ros.destroy_node()
        self.context.shutdown()


@pytest.fixture(scope="module")
def domain_id() -> int:
    return free_domain_id()


@pytest.fixture
def their(domain_id: int) -> Iterator[Publisher]:
    publisher = Publisher(domain_id)
    yield publisher
    publisher.close()


@pytest.fixture
def cameras() -> Iterator[list[RosCamera]]:
    made: list[RosCamera] = []
    yield made
    for camera in made:
        camera.close()


def image(encoding: str = "rgb8", pixels: np.ndarray = RGB, padding: int = 0, stamp: int = STAMP) -> RosImage:
    rows = pixels.reshape(24, -1)
    rows = np.hstack([rows, np.full((24, padding), 77, np.uint8)])
    ros = RosImage(
        height=24, width=32, encoding=encoding, step=rows.shape[1], data=array("B", rows.tobytes())
    )
    ros.header.stamp = to_time(stamp)
    return ros


def made(cameras: list[RosCamera], domain_id: int, **options: Any) -> RosCamera:
    cameras.append(RosCamera("front", RosCameraConfig("/their/image", domain_id=domain_id, **options)))
    return cameras[-1]


def read(camera: RosCamera) -> Frame:
    deadline = time.monotonic() + 20.0
    while (frame := camera.read()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return frame


def exhaust(camera: RosCamera) -> None:
    while True:
        read(camera)


@pytest.mark.parametrize(
    ("message", "want"),
    [
        (image(), RGB),
        (image("bgr8", RGB[:, :, ::-1], padding=5), RGB),
        (image("mono8", RGB[:, :, 0]), np.repeat(RGB[:, :, :1], 3, axis=2)),
    ],
    ids=["rgb8", "bgr8 padded", "mono8"],
)
def test_frames_arrive_in_rgb_with_the_publishers_stamp(
    their: Publisher, cameras: list[RosCamera], domain_id: int, message: RosImage, want: np.ndarray
) -> None:
    their.add(message, "/their/image", qos_profile_sensor_data)  # best effort, as most camera nodes
    their.thread.start()
    camera = made(cameras, domain_id)
    info = camera.connect()
    frame = read(camera)
    assert np.array_equal(frame.pixels, want)
    assert frame.stamp_ns == STAMP
    assert (info.camera, info.width, info.height, info.K.any()) == ("front", 32, 24, False)


def test_compressed_images_are_known_by_their_type_and_the_info_gives_the_pinhole(
    their: Publisher, cameras: list[RosCamera], domain_id: int
) -> None:
    good, data = cv2.imencode(".png", RGB[:, :, ::-1])
    assert good
    message = CompressedImage(format="png", data=array("B", data.tobytes()))
    message.header.stamp = to_time(STAMP)
    K = [50.0, 0.0, 16.0, 0.0, 51.0, 12.0, 0.0, 0.0, 1.0]
    info = RosCameraInfo(width=32, height=24, k=K, d=[0.1, 0.2, 0.0, 0.0, 0.3], distortion_model="plumb_bob")
    their.add(message, "/their/image")
    their.add(info, "/their/camera_info")
    their.thread.start()
    camera = made(cameras, domain_id, info_topic="/their/camera_info")
    got = camera.connect()
    assert got.K.ravel().tolist() == K
    assert got.distortion.tolist() == [0.1, 0.2, 0.0, 0.0, 0.3]
    assert np.array_equal(read(camera).pixels, RGB)


def test_silence_is_a_loss_and_connect_brings_the_frames_back(
    their: Publisher, cameras: list[RosCamera], domain_id: int
) -> None:
    their.add(image(), "/their/image")
    their.thread.start()
    camera = made(cameras, domain_id)
    camera.connect()
    their.stop()
    with pytest.raises(DeviceLost, match=r"'front': no frame on /their/image for 0\.5 s"):
        exhaust(camera)
    again = Publisher(domain_id)
    again.add(image(stamp=STAMP + 1), "/their/image")
    again.thread.start()
    camera.connect()
    assert read(camera).stamp_ns == STAMP + 1
    again.close()


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (image("16UC1"), "got encoding '16UC1', want rgb8, bgr8 or mono8"),
        (image(stamp=0), "got stamp 0, want the time of capture"),
        (RosCameraInfo(), r"carries sensor_msgs/msg/CameraInfo, want sensor_msgs/msg/Image or .*Compressed"),
    ],
    ids=["depth", "no stamp", "no image"],
)
def test_what_is_no_usable_picture_is_refused(
    their: Publisher, cameras: list[RosCamera], domain_id: int, message: Any, why: str
) -> None:
    their.add(message, "/their/image")
    their.thread.start()
    with pytest.raises(DeviceError, match=why):
        made(cameras, domain_id).connect()


def test_a_topic_that_nobody_publishes_is_an_error_with_those_that_there_are(
    their: Publisher, cameras: list[RosCamera], domain_id: int
) -> None:
    their.add(image(), "/their/other_image")
    with pytest.raises(
        DeviceError, match=r"nobody publishes /their/image after 5 s.*type: /their/other_image"
    ):
        made(cameras, domain_id).connect()


def test_the_mirror_of_our_camera_info_reaches_a_late_reader_in_the_standard_type(
    their: Publisher, domain_id: int
) -> None:
    topic = topics.camera_info("front")
    K = np.array([[50.0, 0.0, 16.0], [0.0, 51.0, 12.0], [0.0, 0.0, 1.0]])
    Mirrors(their.ros, topic).publish(CameraInfo(STAMP, "front", 32, 24, K, np.arange(5.0)))
    context, got = Context(), list[RosCameraInfo]()
    context.init(domain_id=domain_id)
    late, executor = RosNode("late", context=context), SingleThreadedExecutor(context=context)
    executor.add_node(late)
    late.create_subscription(RosCameraInfo, f"{topic.name}_ros", got.append, qos(topic.service))
    deadline = time.monotonic() + 20.0
    while not got and time.monotonic() < deadline:
        executor.spin_once(0.1)
    executor.shutdown()
    late.destroy_node()
    context.shutdown()
    assert got[0].k.tolist() == K.ravel().tolist()
    assert got[0].p.reshape(3, 4)[:, :3].tolist() == K.tolist()
    assert (list(got[0].d), got[0].header.frame_id) == ([0.0, 1.0, 2.0, 3.0, 4.0], "front")
