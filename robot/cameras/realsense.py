"""Intel RealSense cameras through pyrealsense2: colour, and depth on demand, with the capture's own time."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from robot.cameras.driver import Frame
from robot.cameras.frame_thread import FrameThread
from robot.cameras.newest_frame import NewestFrame
from robot.core.errors import DeviceError, DeviceLost
from robot.core.types import CameraInfo

log = logging.getLogger(__name__)

_SILENCE_S = 0.5  # without a frame the camera counts as lost
_HANGS_S = 5.0  # without a word from the SDK either: to list USB devices takes it over half a second at times
_FIRST_FRAME_S = 5.0  # the sensors need one to two seconds to start
_WAIT_MS = 100
_QUEUE = 2


@dataclass(frozen=True)
class RealSenseConfig:
    """One camera by its serial number, and what it shall send."""

    serial: str  # on the camera's label, and in `rs-enumerate-devices -s`
    width: int = 640  # pixels
    height: int = 480
    fps: int = 30
    depth: bool = False  # aligned to the colours
    exposure_us: float | None = None  # None: automatic, so brightness changes with the scene
    gain: float | None = None  # in the camera's own units; None leaves what the camera is set to
    white_balance_k: float | None = None  # kelvin; None: automatic
    latency_s: float = 0.03  # from capture to arrival, for frames that carry no time of their own


class RealSenseCamera:
    """Streams through the SDK's own sensors and syncer into the newest frame, in a thread.

    Stamps: a frame in the SDK's *global time* domain (the normal case: the device's clock, fitted to the
    host's) is stamped with its capture. A frame in another domain (hardware clock, or host time without the
    kernel's metadata) is stamped with its arrival minus the constant ``latency_s``, which is a guess until it
    is measured; a warning is logged once, as such stamps carry the jitter of USB.

    After DeviceLost, `connect` finds the camera again, whatever USB port it came back on.
    """

    Config: ClassVar[type[RealSenseConfig]] = RealSenseConfig

    def __init__(self, camera: str, config: RealSenseConfig) -> None:
        self.camera, self._config = camera, config
        self._thread: FrameThread | None = None
        self._newest: NewestFrame | None = None

    def connect(self) -> CameraInfo:
        """Find the camera and stream; DeviceError when it is missing, on USB 2, busy or silent."""
        rs = _sdk(self.camera)
        return self.start(find(self.camera, self._config.serial, rs.context().query_devices()))

    def start(self, device: Any) -> CameraInfo:
        """Stream from this SDK device; errors as `connect`. Returns once the first frame is here."""
        self.close()
        rs = _sdk(self.camera)
        try:
            stream = _Stream(rs, self.camera, self._config, device)
        except RuntimeError as error:  # whatever the SDK finds wrong
            raise DeviceError(
                f"camera {self.camera!r}: RealSense {self._config.serial} does not start: {error}; close "
                "other programs that use it (realsense-viewer), and check the udev rules of librealsense"
            ) from error
        silence = (
            f"camera {self.camera!r}: the RealSense SDK hangs; pull the camera's cable and plug it in again"
        )
        self._newest = NewestFrame(_HANGS_S, silence)
        self._thread = FrameThread(f"camera {self.camera}", stream.grab, stream.stop, self._newest)
        if self._newest.wait(_FIRST_FRAME_S) is None:
            self.close()
            raise DeviceError(
                f"camera {self.camera!r}: RealSense {self._config.serial} sent no frame in "
                f"{_FIRST_FRAME_S:g} s; use a port without a hub and a shorter cable, or plug it in again"
            )
        return stream.info

    def read(self) -> Frame | None:
        """The newest frame not read before, or None; DeviceLost after 0.5 s without one (hung SDK: 5 s)."""
        if self._newest is None:
            raise DeviceLost(f"camera {self.camera!r} is not connected; call connect first")
        return self._newest.take()

    def close(self) -> None:
        """Stop the streams; safe to call twice."""
        if self._thread is not None:
            self._thread.stop()
        self._thread = self._newest = None


def find(camera: str, serial: str, devices: Sequence[Any]) -> Any:
    """The SDK device with that serial number, on USB 3.

    Raises:
        DeviceError: it is not there (the message lists those that are), or it is on USB 2.
    """
    rs = _sdk(camera)
    present = {device.get_info(rs.camera_info.serial_number): device for device in devices}
    if serial not in present:
        raise DeviceError(
            f"camera {camera!r}: got RealSense serials [{', '.join(sorted(present))}], want {serial}; check "
            "the cable and the serial in the rig; if the list misses a camera, the udev rules of librealsense"
        )
    device = present[serial]
    usb = rs.camera_info.usb_type_descriptor
    if device.supports(usb) and device.get_info(usb).startswith("2"):
        raise DeviceError(
            f"camera {camera!r}: RealSense {serial} got USB {device.get_info(usb)}, want 3.x; use a USB 3 "
            "(blue or SS) port and a USB 3 cable, pushed in quickly and all the way"
        )
    return device


def _sdk(camera: str) -> Any:
    try:
        return importlib.import_module("pyrealsense2")
    except ImportError as error:
        raise DeviceError(
            f"camera {camera!r}: pyrealsense2 does not import ({error}); pip install 'nudge[realsense]'"
        ) from error


class _Stream:
    """The open sensors of one device, and the way of a frame from the SDK to ours."""

    def __init__(self, rs: Any, camera: str, config: RealSenseConfig, device: Any) -> None:
        self._rs, self._camera, self._config = rs, camera, config
        self._syncer = rs.syncer(_QUEUE)
        self._align = rs.align(rs.stream.color)
        self._heard_s = time.monotonic() + _FIRST_FRAME_S
        self._guessed = False
        sensors = list(device.query_sensors())
        wanted = [(rs.stream.color, rs.format.rgb8)]
        wanted += [(rs.stream.depth, rs.format.z16)] if config.depth else []
        chosen = [self._profile(sensors, *want) for want in wanted]
        self.info = self._camera_info(chosen[0][1])
        self._set_options(sensors[chosen[0][0]])
        self._open: list[Any] = []
        try:
            self._start(sensors, chosen)
        except RuntimeError:
            self.stop()
            raise

    def grab(self) -> Frame | None:
        """The next frame, or None if none (or only a part) came within 0.1 s; DeviceLost after 0.5 s."""
        try:
            arrived, frames = self._syncer.try_wait_for_frames(_WAIT_MS)
        except RuntimeError as error:
            raise DeviceLost(
                f"camera {self._camera!r}: RealSense stopped: {error}; check its cable"
            ) from error
        frame = self._frame(frames) if arrived else None
        if frame is not None:
            self._heard_s = time.monotonic()
        elif time.monotonic() - self._heard_s > _SILENCE_S:
            raise DeviceLost(self._why_silent())
        return frame

    def stop(self) -> None:
        """Stop and close what is open; a device that is gone cannot object."""
        for sensor in self._open:
            with suppress(RuntimeError):
                sensor.stop()
            with suppress(RuntimeError):
                sensor.close()

    def _frame(self, frames: Any) -> Frame | None:
        color, depth = frames.get_color_frame(), frames.get_depth_frame()
        if not color or (self._config.depth and not depth):
            return None  # half a pair: nothing is made up for the other half
        stamp_ns = self._stamp_ns(color)
        depth_m = None
        if self._config.depth:
            aligned = self._align.process(frames).get_depth_frame()
            depth_m = np.asanyarray(aligned.get_data()).astype(np.float32) * np.float32(aligned.get_units())
        # Copied, because the SDK reuses its buffers.
        return Frame(stamp_ns, np.array(color.get_data(), np.uint8), depth_m)

    def _stamp_ns(self, frame: Any) -> int:
        rs = self._rs
        if frame.get_frame_timestamp_domain() == rs.timestamp_domain.global_time:
            return round(frame.get_timestamp() * 1e6)  # Unix milliseconds
        if not self._guessed:
            self._guessed = True
            log.warning("camera %r: no global time; stamps are arrival - latency_s", self._camera)
        arrival_ns = time.time_ns()
        if frame.supports_frame_metadata(rs.frame_metadata_value.time_of_arrival):
            arrival_ns = frame.get_frame_metadata(rs.frame_metadata_value.time_of_arrival) * 1_000_000
        return arrival_ns - round(self._config.latency_s * 1e9)

    def _why_silent(self) -> str:
        serial = self._config.serial
        present = [d.get_info(self._rs.camera_info.serial_number) for d in self._rs.context().query_devices()]
        what = "sends nothing; use a port without a hub" if serial in present else "was unplugged; plug it in"
        return f"camera {self._camera!r}: no frame for {_SILENCE_S:g} s: RealSense {serial} {what}"

    def _profile(self, sensors: list[Any], kind: Any, pixel_format: Any) -> tuple[int, Any]:
        want, known = (self._config.width, self._config.height, self._config.fps), set[tuple[int, int, int]]()
        for index, sensor in enumerate(sensors):
            for profile in sensor.get_stream_profiles():
                if profile.stream_type() != kind or profile.format() != pixel_format:
                    continue
                video = profile.as_video_stream_profile()
                if (mode := (video.width(), video.height(), video.fps())) == want:
                    return index, video
                known.add(mode)
        modes = ", ".join(f"{w} x {h} at {fps} Hz" for w, h, fps in sorted(known)) or "none"
        raise DeviceError(
            f"camera {self._camera!r}: RealSense {self._config.serial} has no {kind.name} mode {want[0]} x "
            f"{want[1]} px at {want[2]} Hz; set width, height and fps in the rig to one of: {modes}"
        )

    def _camera_info(self, profile: Any) -> CameraInfo:
        """Factory intrinsics; the lens terms where the SDK's model is plumb_bob, else zeros (unknown)."""
        i = profile.get_intrinsics()
        K = np.array([[i.fx, 0.0, i.ppx], [0.0, i.fy, i.ppy], [0.0, 0.0, 1.0]])
        plumb_bob = i.model == self._rs.distortion.brown_conrady
        distortion = np.array(i.coeffs if plumb_bob else [0.0] * 5, np.float64)
        return CameraInfo(time.time_ns(), self._camera, i.width, i.height, K, distortion)

    def _set_options(self, sensor: Any) -> None:
        option, config = self._rs.option, self._config
        # The stereo module counts exposure in microseconds, a separate colour sensor (UVC) in hundreds.
        unit_us = 1.0 if sensor.is_depth_sensor() else 100.0
        if sensor.supports(option.global_time_enabled):
            sensor.set_option(option.global_time_enabled, 1.0)
        if sensor.supports(option.enable_auto_exposure):
            sensor.set_option(option.enable_auto_exposure, float(config.exposure_us is None))
        if sensor.supports(option.enable_auto_white_balance):
            sensor.set_option(option.enable_auto_white_balance, float(config.white_balance_k is None))
        self._set(sensor, option.exposure, config.exposure_us, "exposure_us", unit_us)
        self._set(sensor, option.gain, config.gain, "gain", 1.0)
        self._set(sensor, option.white_balance, config.white_balance_k, "white_balance_k", 1.0)

    def _set(self, sensor: Any, option: Any, value: float | None, name: str, unit: float) -> None:
        if value is None:
            return
        if not sensor.supports(option):
            raise DeviceError(f"camera {self._camera!r}: {name} cannot be set on this camera; leave it out")
        limits = sensor.get_option_range(option)
        if not limits.min <= value / unit <= limits.max:
            raise DeviceError(
                f"camera {self._camera!r}: {name} got {value:g}, want {limits.min * unit:g} to "
                f"{limits.max * unit:g}; change it in the rig"
            )
        sensor.set_option(option, value / unit)

    def _start(self, sensors: list[Any], chosen: list[tuple[int, Any]]) -> None:
        for index in sorted({index for index, _ in chosen}):
            sensor = sensors[index]
            sensor.open([profile for i, profile in chosen if i == index])
            self._open.append(sensor)
            sensor.start(self._syncer)
