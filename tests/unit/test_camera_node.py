"""The camera node against a fake driver: frames once, losses reported, reconnection off the tick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from robot.cameras.driver import Frame
from robot.core.errors import DeviceError, DeviceLost
from robot.core.topics import Topic
from robot.core.types import CameraInfo, DeviceHealth, Image
from robot.nodes.camera import CameraNode
from robot.rig import CameraRig, CropRig

MS = 1_000_000
START = 1_700_000_000_000 * MS


@dataclass(frozen=True)
class FakeConfig:
    """No options."""


class FakeCamera:
    """Gives what the test puts in; `connect` waits for the test when told to."""

    Config: ClassVar[type[FakeConfig]] = FakeConfig

    def __init__(self) -> None:
        self.camera, self.calls = "wrist", list[str]()
        self.frame: Frame | None = None
        self.lost = False
        self.refusal: Exception | None = None
        self.may_connect = threading.Event()
        self.may_connect.set()

    def connect(self) -> CameraInfo:
        self.calls.append("connect")
        assert self.may_connect.wait(20)
        if self.refusal:
            raise self.refusal
        self.lost = False
        K = np.array([[500.0, 0.0, 320.0], [0.0, 500.0, 240.0], [0.0, 0.0, 1.0]])
        return CameraInfo(START, "serial 123", 640, 480, K, np.zeros(5))

    def read(self) -> Frame | None:
        if self.lost:
            raise DeviceLost("camera wrist: unplugged")
        frame, self.frame = self.frame, None
        return frame

    def close(self) -> None:
        self.calls.append("close")


class Scene:
    """A node at 30 frames a second, what it published, and a clock that the test turns."""

    def __init__(self) -> None:
        self.driver, self.out = FakeCamera(), list[tuple[str, Any]]()
        self.node = CameraNode("wrist", self.driver, CameraRig("fake", crop=CropRig(0, 0, 64, 64)), 32, 30.0)
        self.node.publish = self.publish
        self.now = START

    def publish(self, topic: Topic, message: Any) -> None:
        assert topic in self.node.outputs
        assert isinstance(message, topic.type)
        self.out.append((topic.name, message))

    def tick(self, after_ms: int = 8) -> None:
        self.now += after_ms * MS
        self.node.tick(self.now)

    def frame(self, value: int) -> None:
        self.driver.frame = Frame(self.now - 5 * MS, np.full((480, 640, 3), value, np.uint8))

    def health(self) -> list[tuple[bool, str]]:
        return [(m.ok, m.reason) for _, m in self.out if isinstance(m, DeviceHealth)]

    def tick_until(self, condition: Callable[[], bool], after_ms: int) -> None:
        deadline = time.monotonic() + 30.0
        while not condition():
            assert time.monotonic() < deadline, (self.driver.calls, self.out)
            self.tick(after_ms)
            time.sleep(0.001)


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.node.start()
    return scene


def test_a_frame_is_published_once_with_its_capture_stamp_and_the_info_before_it(scene: Scene) -> None:
    scene.tick()
    captured = scene.now - 5 * MS
    scene.frame(9)
    scene.tick()
    scene.tick()
    (info_topic, info), (image_topic, image) = scene.out
    assert (info_topic, image_topic) == ("/rig/camera/wrist/camera_info", "/rig/camera/wrist/image")
    assert isinstance(image, Image)
    assert (image.stamp_ns, image.camera, image.pixels.shape) == (captured, "wrist", (32, 32, 3))
    assert (image.pixels == 9).all()
    assert (info.camera, info.width, info.K[0, 0]) == ("wrist", 32, 250.0)


def test_a_camera_that_is_not_there_stops_the_start() -> None:
    scene = Scene()
    scene.driver.refusal = DeviceError("no camera 123")
    with pytest.raises(DeviceError, match="no camera 123"):
        scene.node.start()


def test_silence_of_two_and_a_half_periods_is_reported_once_and_its_end_too(scene: Scene) -> None:
    scene.frame(1)
    scene.tick()
    scene.tick(83)
    assert scene.health() == []
    scene.tick(1)
    scene.tick(8)
    assert [ok for ok, _ in scene.health()] == [False]
    assert "no new frame for 83 ms" in scene.health()[0][1]
    assert scene.driver.calls == ["connect"]  # not at once: most pauses end by themselves
    scene.frame(2)
    scene.tick()
    assert scene.health()[1:] == [(True, "")]


def test_a_camera_silent_for_a_second_is_connected_again(scene: Scene) -> None:
    scene.tick()
    scene.tick(100)
    scene.tick(990)
    assert scene.driver.calls == ["connect"]
    scene.tick(10)
    scene.tick_until(lambda: scene.driver.calls == ["connect", "close", "connect"], 0)


def test_a_lost_camera_is_reported_at_once_and_no_tick_waits_for_it(scene: Scene) -> None:
    scene.driver.may_connect.clear()
    scene.driver.lost = True
    scene.tick()
    assert scene.health() == [(False, "camera wrist: unplugged")]
    for _ in range(300):  # 2.4 s in which `connect` hangs: the ticks return, and nobody connects twice
        scene.tick()
    assert scene.driver.calls.count("connect") <= 2
    assert len(scene.health()) == 1
    scene.driver.may_connect.set()
    scene.frame(3)
    scene.tick_until(lambda: len(scene.health()) == 2, 1)
    assert scene.health()[-1] == (True, "")
    kinds = [type(m).__name__ for _, m in scene.out]
    assert kinds == ["CameraInfo", "DeviceHealth", "CameraInfo", "Image", "DeviceHealth"]


def test_connection_is_tried_once_a_second_and_each_new_reason_is_told_once(scene: Scene) -> None:
    scene.driver.lost, scene.driver.refusal = True, DeviceError("serial 123 is not here")
    scene.tick()
    began = scene.now
    scene.tick_until(lambda: scene.driver.calls.count("connect") == 4, 10)
    assert (scene.now - began) / MS >= 2000  # tries at 0, 1 and 2 s
    assert [reason for _, reason in scene.health()] == ["camera wrist: unplugged", "serial 123 is not here"]
    scene.driver.refusal = None
    scene.frame(4)
    scene.tick_until(lambda: len(scene.health()) == 3, 10)
    assert scene.health()[-1] == (True, "")


def test_a_mistake_in_the_driver_is_not_taken_for_a_lost_camera(scene: Scene) -> None:
    scene.driver.lost, scene.driver.refusal = True, TypeError("the driver's own mistake")
    with pytest.raises(TypeError, match="own mistake"):
        scene.tick_until(lambda: False, 10)


def test_close_waits_for_a_connection_that_is_being_made(scene: Scene) -> None:
    scene.driver.lost = True
    scene.tick()
    scene.node.close()
    assert scene.driver.calls == ["connect", "close", "connect", "close"]
