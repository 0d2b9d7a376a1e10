"""RealSenseCamera through the real SDK, which gets its frames from a software device instead of USB."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from robot.cameras.driver import Frame
from robot.cameras.realsense import RealSenseCamera, RealSenseConfig, find
from robot.core.errors import DeviceError, DeviceLost

rs = pytest.importorskip("pyrealsense2")

W, H, T_MS = 64, 48, 1_700_000_000_000.0
GLOBAL, HARDWARE = rs.timestamp_domain.global_time, rs.timestamp_domain.hardware_clock


class Device:
    """A software device with a colour and a depth sensor that see the same pinhole."""

    def __init__(self, serial: str = "123", usb: str = "3.2") -> None:
        self.device = rs.software_device()
        self.device.register_info(rs.camera_info.serial_number, serial)
        self.device.register_info(rs.camera_info.usb_type_descriptor, usb)
        self.color, self.depth = self.device.add_sensor("RGB"), self.device.add_sensor("Stereo")
        self.color_profile = video(self.color, stream(rs.stream.color, 0, rs.format.rgb8, 3))
        self.depth_profile = video(self.depth, stream(rs.stream.depth, 1, rs.format.z16, 2))
        same = rs.extrinsics()
        same.rotation, same.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0]
        self.depth_profile.register_extrinsics_to(self.color_profile, same)
        self.depth.add_read_only_option(rs.option.depth_units, 0.001)
        for option, low, high in ((rs.option.exposure, 1, 10000), (rs.option.enable_auto_exposure, 0, 1)):
            limits = rs.option_range()
            limits.min, limits.max, limits.step, limits.default = low, high, 1, high
            self.color.add_option(option, limits)

    def send(self, number: int, domain: object = GLOBAL, depth: bool = False) -> None:
        if depth:
            far = np.full((H, W), 500 + number, np.uint16)
            self.depth.on_video_frame(self.frame(number, domain, self.depth_profile, far))
        self.color.on_video_frame(self.frame(number, domain, self.color_profile, colours(number)))

    def frame(self, number: int, domain: object, profile: object, pixels: np.ndarray) -> object:
        frame = rs.software_video_frame()
        frame.pixels, frame.bpp = pixels, pixels.nbytes // (W * H)
        frame.stride, frame.depth_units = frame.bpp * W, 0.001
        frame.timestamp, frame.frame_number = T_MS + 33.25 * number, number
        frame.profile, frame.domain = profile, domain
        return frame


def video(sensor: Any, described: object) -> Any:
    return sensor.add_video_stream(described).as_video_stream_profile()


def stamp(number: int) -> int:
    return round((T_MS + 33.25 * number) * 1e6)


def stream(kind: object, uid: int, pixel_format: object, bpp: int) -> object:
    i = rs.intrinsics()
    i.width, i.height, i.ppx, i.ppy, i.fx, i.fy = W, H, 31.0, 23.0, 50.0, 51.0
    i.model, i.coeffs = rs.distortion.inverse_brown_conrady, [0.1, 0, 0, 0, 0]
    v = rs.video_stream()
    v.type, v.index, v.uid, v.width, v.height = kind, 0, uid, W, H
    v.fps, v.bpp, v.fmt, v.intrinsics = 30, bpp, pixel_format, i
    return v


def colours(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (H, W, 3), np.uint8)


class Sender:
    """Sends frames from a thread until told to stop: `start` returns with the first one."""

    def __init__(self, device: Device, **how: object) -> None:
        self.device, self.how, self.number = device, how, 0
        self.enough = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        while not self.enough.wait(0.01):
            self.number += 1
            self.device.send(self.number, **self.how)  # type: ignore[arg-type]

    def stop(self) -> None:
        self.enough.set()
        self.thread.join()


@pytest.fixture
def device() -> Device:
    return Device()


@pytest.fixture
def cameras() -> Iterator[list[RealSenseCamera]]:
    made: list[RealSenseCamera] = []
    yield made
    for camera in made:
        camera.close()


def started(cameras: list[RealSenseCamera], device: Device, **options: object) -> RealSenseCamera:
    sender = Sender(device, depth=options.get("depth", False))
    cameras.append(RealSenseCamera("wrist", config(**options)))
    cameras[-1].start(device.device)
    sender.stop()
    read(cameras[-1], accept=stamp(sender.number))  # the last one, so that none is on its way
    return cameras[-1]


def config(**options: object) -> RealSenseConfig:
    return RealSenseConfig(**{"serial": "123", "width": W, "height": H, **options})  # type: ignore[arg-type]


def read(camera: RealSenseCamera, accept: int | None = None) -> Frame:
    deadline = time.monotonic() + 20.0
    while time.monotonic() < deadline:
        frame = camera.read()
        if frame is not None and (accept is None or frame.stamp_ns == accept):
            return frame
        time.sleep(0.002)
    raise AssertionError("no such frame came")


def test_a_frame_comes_out_as_it_went_in_with_its_own_time(
    device: Device, cameras: list[RealSenseCamera]
) -> None:
    camera = started(cameras, device)
    device.send(9000)
    frame = read(camera, accept=stamp(9000))
    assert np.array_equal(frame.pixels, colours(9000))
    assert (frame.pixels.dtype, frame.depth_m) == (np.uint8, None)
    assert camera.read() is None  # each frame once
    device.send(9001)
    read(camera)
    assert np.array_equal(frame.pixels, colours(9000))  # ours, not the SDK's buffer


def test_depth_in_metres_aligned_to_the_colours(device: Device, cameras: list[RealSenseCamera]) -> None:
    sender = Sender(device, depth=True)
    cameras.append(RealSenseCamera("wrist", config(depth=True)))
    cameras[0].start(device.device)
    frame = read(cameras[0])
    sender.stop()
    number = round((frame.stamp_ns / 1e6 - T_MS) / 33.25)
    assert frame.depth_m is not None
    assert (frame.depth_m.shape, frame.depth_m.dtype) == ((H, W), np.float32)
    assert np.median(frame.depth_m) == pytest.approx(0.5 + 0.001 * number)
    assert np.array_equal(frame.pixels, colours(number))


def test_colour_without_its_depth_is_no_frame(device: Device, cameras: list[RealSenseCamera]) -> None:
    camera = started(cameras, device, depth=True)
    for number in range(9000, 9005):
        device.send(number)
    with pytest.raises(DeviceLost, match=r"no frame for 0\.5 s"):
        read(camera)


def test_a_slow_look_at_the_usb_devices_is_no_hung_sdk(
    device: Device, cameras: list[RealSenseCamera], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rs.context.query_devices

    def slow(context: Any, *args: Any) -> Any:
        time.sleep(1.5)
        return real(context, *args)

    camera = started(cameras, device)
    monkeypatch.setattr(rs.context, "query_devices", slow)
    with pytest.raises(DeviceLost, match=r"no frame for 0\.5 s: RealSense 123 was unplugged"):
        read(camera)


def test_a_hardware_clock_gives_arrival_minus_the_latency(
    device: Device, cameras: list[RealSenseCamera]
) -> None:
    camera = started(cameras, device, latency_s=100.0)
    before = time.time_ns()
    device.send(9000, domain=HARDWARE)
    stamp = read(camera).stamp_ns
    assert before <= stamp + 100_000_000_000 <= time.time_ns()
    device.color.set_metadata(rs.frame_metadata_value.time_of_arrival, 1_600_000_000_123)
    device.send(9001, domain=HARDWARE)
    assert read(camera).stamp_ns == 1_599_999_900_123_000_000


def test_the_pinhole_is_the_factorys_and_lens_terms_of_another_model_are_left_out(
    device: Device, cameras: list[RealSenseCamera]
) -> None:
    sender = Sender(device)
    cameras.append(RealSenseCamera("wrist", config()))
    info = cameras[0].start(device.device)
    sender.stop()
    assert info.K.tolist() == [[50.0, 0.0, 31.0], [0.0, 51.0, 23.0], [0.0, 0.0, 1.0]]
    assert (info.camera, info.width, info.height, info.distortion.any()) == ("wrist", W, H, False)


def test_silence_is_a_loss_that_says_why_and_connecting_again_ends_it(
    device: Device, cameras: list[RealSenseCamera]
) -> None:
    camera = started(cameras, device)
    with pytest.raises(DeviceLost, match=r"'wrist': no frame for 0\.5 s: RealSense 123 was unplugged"):
        read(camera)
    with pytest.raises(DeviceLost):
        camera.read()
    sender = Sender(device)
    camera.start(device.device)
    assert read(camera) is not None
    sender.stop()


def test_a_fixed_exposure_is_set_in_the_sensors_unit_and_auto_turned_off(
    device: Device, cameras: list[RealSenseCamera]
) -> None:
    started(cameras, device, exposure_us=8000.0)
    assert device.color.get_option(rs.option.exposure) == 80  # a colour sensor counts in 100 us
    assert device.color.get_option(rs.option.enable_auto_exposure) == 0
    cameras[-1].close()
    started(cameras, device)
    assert device.color.get_option(rs.option.enable_auto_exposure) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exposure_us": 2e6}, r"exposure_us got 2e\+06, want 100 to 1e\+06"),
        ({"gain": 16.0}, "gain cannot be set on this camera"),
        ({"width": 800}, "no color mode 800 x 48 px at 30 Hz; .* one of: 64 x 48 at 30 Hz"),
    ],
)
def test_what_the_camera_cannot_do_is_refused(device: Device, options: dict, message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        RealSenseCamera("wrist", config(**options)).start(device.device)


def test_a_camera_that_is_not_there_is_an_error_with_the_serials_that_are() -> None:
    present = [Device("456").device, Device("789").device]
    with pytest.raises(DeviceError, match=r"'wrist': got RealSense serials \[456, 789\], want 123"):
        find("wrist", "123", present)
    assert find("wrist", "789", present) is present[1]


def test_usb_2_is_an_error_with_the_fix() -> None:
    with pytest.raises(DeviceError, match=r"RealSense 123 got USB 2\.1, want 3\.x; use a USB 3 .* cable"):
        find("wrist", "123", [Device(usb="2.1").device])


def test_connect_without_any_camera_says_so() -> None:
    if len(rs.context().query_devices()):
        pytest.skip("a RealSense camera is plugged in here")
    with pytest.raises(DeviceError, match=r"got RealSense serials \[\], want 123"):
        RealSenseCamera("wrist", config()).connect()


def test_waiting_for_a_frame_leaves_the_interpreter_to_others(
    device: Device, cameras: list[RealSenseCamera]
) -> None:
    camera = started(cameras, device)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        camera.read()
        took.append(time.perf_counter() - began)
    assert np.median(took) < 0.02  # a wait of the SDK is 0.1 s
