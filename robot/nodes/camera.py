"""The camera node: frames of one camera at the policy's size, its pinhole model, and whether it is there."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

from robot.cameras.driver import CameraDriver, Frame
from robot.cameras.picture import crop_of, picture, picture_info
from robot.core import topics
from robot.core.errors import DeviceError, DeviceLost
from robot.core.node import Node
from robot.core.types import CameraInfo, DeviceHealth, Image
from robot.rig import CameraRig, CropRig

log = logging.getLogger(__name__)

_READS_PER_FRAME = 4  # so a frame waits at most a quarter of its period
_SILENCE_PERIODS = 2.5
_RETRY_NS = 1_000_000_000
_CLOSE_S = 10.0


class CameraNode(Node):
    """Publishes what the driver sees, each frame once and stamped with its capture; nothing is made up.

    A camera that is lost, or silent for 2.5 frame periods, is reported on `topics.DEVICES` at once; then it
    is connected again once a second, in a thread, until its frames are back, which is reported too.

    Args:
        camera: its name in the rig.
        driver: not connected yet.
        rig: crop of the sensor's frame.
        size: of the published picture, pixels, square.
        fps: frames a second that the camera is expected to give.
    """

    def __init__(self, camera: str, driver: CameraDriver, rig: CameraRig, size: int, fps: float) -> None:
        self.name, self.camera = f"camera_{camera}", camera
        self.period_s = 1.0 / fps / _READS_PER_FRAME
        self._driver, self._rig, self._size = driver, rig, size
        self._image, self._info = topics.camera_image(camera), topics.camera_info(camera)
        self.outputs = (self._image, self._info, topics.DEVICES)
        self._silence_ns = int(_SILENCE_PERIODS / fps * 1e9)
        self._heard_ns: int | None = None  # when a frame was last read, or reading began
        self._retry_ns = 0
        self._reason = ""  # why the camera counts as lost; empty while it does not
        self._connecting: _Connecting | None = None

    def start(self) -> None:
        """Connect; DeviceError says what is wrong, and then the graph does not start without its camera."""
        self._connected(self._driver.connect())

    def tick(self, now_ns: int) -> None:
        """Publish the newest frame, or see to a camera that is lost; never waits."""
        if self._connecting is not None and not self._reconnected(self._connecting, now_ns):
            return
        if self._heard_ns is None:
            self._heard_ns = now_ns
        try:
            frame = self._driver.read()
        except DeviceLost as lost:
            self._lose(str(lost), now_ns)
            self._connect_again(now_ns)
            return
        if frame is not None:
            self._publish(frame, now_ns)
        elif now_ns - self._heard_ns > self._silence_ns:
            self._silent(now_ns)

    def close(self) -> None:
        """Give the camera back, after a connection that is being made."""
        if self._connecting is not None:
            self._connecting.thread.join(_CLOSE_S)
        self._driver.close()

    def _connected(self, info: CameraInfo) -> None:
        self._crop: CropRig = crop_of(self._rig.crop, info.width, info.height)
        self.publish(self._info, replace(picture_info(info, self._crop, self._size), camera=self.camera))

    def _publish(self, frame: Frame, now_ns: int) -> None:
        pixels = picture(frame.pixels, self._crop, self._size)
        self.publish(self._image, Image(frame.stamp_ns, self.camera, pixels))
        self._heard_ns = now_ns
        if self._reason:
            self._reason = ""
            self._report(now_ns, True, "")

    def _silent(self, now_ns: int) -> None:
        if self._reason:  # known; a driver that does not give up by itself is connected again
            self._connect_again(now_ns)
            return
        limit_ms = self._silence_ns / 1e6
        self._lose(
            f"camera {self.camera!r}: no new frame for {limit_ms:.0f} ms; check its cable and the USB load",
            now_ns,
        )
        self._retry_ns = now_ns + _RETRY_NS  # most pauses end by themselves

    def _lose(self, reason: str, now_ns: int) -> None:
        if reason != self._reason:
            self._reason = reason
            self._report(now_ns, False, reason)

    def _report(self, now_ns: int, ok: bool, reason: str) -> None:
        log.log(
            logging.INFO if ok else logging.ERROR,
            "camera/%s: %s",
            self.camera,
            "frames are back" if ok else reason,
        )
        self.publish(topics.DEVICES, DeviceHealth(now_ns, f"camera/{self.camera}", ok, reason))

    def _connect_again(self, now_ns: int) -> None:
        if now_ns >= self._retry_ns:
            self._retry_ns = now_ns + _RETRY_NS
            self._connecting = _Connecting(self._driver)

    def _reconnected(self, connecting: _Connecting, now_ns: int) -> bool:
        """Whether the driver may be read: not while, nor after, a connection that failed."""
        if connecting.thread.is_alive():
            return False
        if isinstance(connecting.result, CameraInfo):
            self._connecting, self._heard_ns = None, now_ns
            self._connected(connecting.result)
            return True
        if not isinstance(connecting.result, DeviceError):
            raise connecting.result  # a mistake in the driver, not a camera that is away
        self._lose(str(connecting.result), now_ns)
        self._connect_again(now_ns)
        return False


class _Connecting:
    """One attempt to connect in a thread; ``result`` is valid once the thread has ended."""

    def __init__(self, driver: CameraDriver) -> None:
        self._driver = driver
        self.result: CameraInfo | Exception = DeviceError("not connected yet")
        self.thread = threading.Thread(target=self._run, name=f"connect {driver.camera}", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self._driver.close()
            self.result = self._driver.connect()
        except Exception as error:  # handed to the tick
            self.result = error
