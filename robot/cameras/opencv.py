"""Cameras that OpenCV can read: V4L2 devices, RTSP streams and video files."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from robot.cameras.driver import Frame
from robot.cameras.frame_thread import FrameThread
from robot.cameras.newest_frame import NewestFrame
from robot.cameras.video_source import Kind, VideoSource
from robot.core.errors import ConfigError, DeviceError, DeviceLost
from robot.core.types import CameraInfo

_FIRST_FRAME_S = 10.0
_OPEN_MS, _READ_MS = 5000, 2000  # RTSP; OpenCV's own limits are 30 s
_MANUAL_EXPOSURE, _AUTO_EXPOSURE = 1, 3  # V4L2_CID_EXPOSURE_AUTO
_EXPOSURE_UNIT_US = 100.0  # V4L2_CID_EXPOSURE_ABSOLUTE


@dataclass(frozen=True)
class OpenCvConfig:
    """One source and how it is read. Sizes, rate and exposure are for V4L2; a stream or file has its own.

    A URL's user and password come from the environment alone: ``rtsp://${CAM_USER}:${CAM_PASSWORD}@host/path``.
    """

    source: str  # "/dev/video0" (or "0"), "rtsp://...", or the path of a video file
    width: int | None = None  # pixels
    height: int | None = None
    fps: float | None = None
    fourcc: str | None = None  # such as "MJPG", which USB 2 needs for large pictures
    exposure_us: float | None = None  # None: automatic
    loop: bool = False  # a file starts again at its end
    timeout_s: float = 0.5  # without a frame the camera counts as lost
    latency_s: float = 0.0  # from capture to arrival, where the driver does not tell the time of capture
    K: tuple[float, float, float, float] | None = None  # fx, fy, cx, cy, pixels at the source's size
    distortion: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)  # k1 k2 p1 p2 k3

    def __post_init__(self) -> None:
        problems = [p for p in (VideoSource(self.source).problem(),) if p]
        if (self.width is None) != (self.height is None):
            problems.append(f"width {self.width}, height {self.height}: got one of them, want both or none")
        if self.fourcc is not None and len(self.fourcc) != 4:
            problems.append(f"fourcc: got {self.fourcc!r}, want four characters such as 'MJPG'")
        if problems:
            raise ConfigError(problems, "camera options")


class OpenCvCamera:
    """Reads a cv2.VideoCapture in a thread; pixels are turned from BGR to RGB.

    Stamps: V4L2 tells when the kernel got the frame, on the monotonic clock, which is moved to Unix time; a
    frame without a plausible one (not within the last second), an RTSP stream's and a file's are stamped with
    their arrival minus ``latency_s``. A file is played at its own rate, and at its end the camera is lost.
    Without a calibration (``K``) the published K is zeros, which in ROS says "not calibrated".
    """

    Config: ClassVar[type[OpenCvConfig]] = OpenCvConfig

    def __init__(self, camera: str, config: OpenCvConfig) -> None:
        self.camera, self._config = camera, config
        self._source = VideoSource(config.source)
        self._thread: FrameThread | None = None
        self._newest: NewestFrame | None = None

    def connect(self) -> CameraInfo:
        """Open the source; DeviceError if it is missing, not permitted, in another mode or silent."""
        self.close()
        self._source.check(self.camera)
        capture = _Capture(self.camera, self._config, self._source)
        timeout_s = self._config.timeout_s
        silence = (
            f"camera {self.camera!r}: no frame for {timeout_s:g} s from {self._source.text}; check its cable"
        )
        self._newest = NewestFrame(timeout_s, silence)
        self._thread = FrameThread(f"camera {self.camera}", capture.grab, capture.release, self._newest)
        first = self._newest.wait(_FIRST_FRAME_S)
        if first is None:
            self.close()
            raise DeviceError(
                f"camera {self.camera!r}: {self._source.text} opens but sent no frame in "
                f"{_FIRST_FRAME_S:g} s; close other programs that use it"
            )
        return self._info(first)

    def read(self) -> Frame | None:
        """The newest frame not read before, or None; DeviceLost at a file's end or after ``timeout_s``."""
        if self._newest is None:
            raise DeviceLost(f"camera {self.camera!r} is not connected; call connect first")
        return self._newest.take()

    def close(self) -> None:
        """Stop reading; safe to call twice."""
        if self._thread is not None:
            self._thread.stop()
        self._thread = self._newest = None

    def _info(self, frame: Frame) -> CameraInfo:
        height, width, _ = frame.pixels.shape
        K = np.zeros((3, 3))
        if self._config.K is not None:
            fx, fy, cx, cy = self._config.K
            K = np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
        distortion = np.array(self._config.distortion, np.float64)
        return CameraInfo(frame.stamp_ns, self.camera, width, height, K, distortion)


def capture_stamp_ns(tells_ms: float, monotonic_ns: int, unix_ns: int, latency_s: float) -> int:
    """Unix time of a capture that the driver puts at ``tells_ms`` on the monotonic clock.

    Where that is not within the last second, the arrival ``unix_ns`` minus ``latency_s``.
    """
    age_ns = monotonic_ns - round(tells_ms * 1e6)
    return unix_ns - (age_ns if 0 <= age_ns < 1_000_000_000 else round(latency_s * 1e9))


class _Capture:
    """The open source; made in `connect`, from then on used by the camera's thread alone."""

    def __init__(self, camera: str, config: OpenCvConfig, source: VideoSource) -> None:
        self._cv2 = _cv2(camera)
        self._camera, self._config, self._source = camera, config, source
        self._capture = self._open()
        if not self._capture.isOpened():
            raise DeviceError(
                f"camera {camera!r}: OpenCV cannot open {source.text}; check that no other program uses it, "
                "and for a stream its address, user and password"
            )
        if source.kind is Kind.DEVICE:
            self._set_mode()
        self._period_s = 0.0
        if source.kind is Kind.FILE:
            self._period_s = 1.0 / (config.fps or self._capture.get(self._cv2.CAP_PROP_FPS) or 30.0)
        self._due_s = time.monotonic()

    def grab(self) -> Frame | None:
        """The next frame; DeviceLost when there is none."""
        pixels = self._read()
        now, unix_ns = time.monotonic_ns(), time.time_ns()
        tells_ms = (
            self._capture.get(self._cv2.CAP_PROP_POS_MSEC) if self._source.kind is Kind.DEVICE else -1.0
        )
        stamp_ns = capture_stamp_ns(tells_ms, now, unix_ns, self._config.latency_s)
        return Frame(stamp_ns, self._cv2.cvtColor(pixels, self._cv2.COLOR_BGR2RGB))

    def release(self) -> None:
        """Give the source back."""
        self._capture.release()

    def _read(self) -> Any:
        if self._period_s:
            time.sleep(max(self._due_s - time.monotonic(), 0.0))
            self._due_s += self._period_s
        good, pixels = self._capture.read()
        if not good and self._config.loop and self._source.kind is Kind.FILE:
            self._capture.set(self._cv2.CAP_PROP_POS_FRAMES, 0)
            good, pixels = self._capture.read()
        if not good:
            why = "ended" if self._source.kind is Kind.FILE else "stopped; check its cable or network"
            raise DeviceLost(f"camera {self._camera!r}: {self._source.text} {why}")
        return pixels

    def _open(self) -> Any:
        cv2, kind = self._cv2, self._source.kind
        if kind is Kind.DEVICE:
            return cv2.VideoCapture(self._source.device_path, cv2.CAP_V4L2)
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_MS]
        url = self._source.expand(self._camera)
        return cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits)

    def _set_mode(self) -> None:
        cv2, config = self._cv2, self._config
        if config.fourcc is not None:  # first: it decides which sizes there are
            self._set("fourcc", cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*config.fourcc))
        self._set("width in pixels", cv2.CAP_PROP_FRAME_WIDTH, config.width)
        self._set("height in pixels", cv2.CAP_PROP_FRAME_HEIGHT, config.height)
        self._set("fps", cv2.CAP_PROP_FPS, config.fps)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a queue would only make frames old
        if config.exposure_us is None:
            self._capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, _AUTO_EXPOSURE)
            return
        self._set("manual exposure", cv2.CAP_PROP_AUTO_EXPOSURE, _MANUAL_EXPOSURE)
        self._set("exposure in 100 us", cv2.CAP_PROP_EXPOSURE, round(config.exposure_us / _EXPOSURE_UNIT_US))

    def _set(self, name: str, option: int, want: float | None) -> None:
        if want is None:
            return
        self._capture.set(option, want)
        got = self._capture.get(option)
        if abs(got - want) > 0.5:
            self._capture.release()
            raise DeviceError(
                f"camera {self._camera!r}: {name}: got {got:g}, want {want:g}; choose a mode that "
                f"`v4l2-ctl -d {self._source.device_path} --list-formats-ext` (or --list-ctrls) shows"
            )


def _cv2(camera: str) -> Any:
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise DeviceError(
            f"camera {camera!r}: cv2 does not import ({error}); pip install 'nudge[opencv]'"
        ) from error
