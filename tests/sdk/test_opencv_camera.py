"""OpenCvCamera on real video files, and the sources it refuses."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from robot.cameras.driver import Frame
from robot.cameras.opencv import OpenCvCamera, OpenCvConfig, capture_stamp_ns
from robot.cameras.video_source import Kind, VideoSource
from robot.core.errors import ConfigError, DeviceError, DeviceLost

cv2 = pytest.importorskip("cv2")

COUNT, FPS = 12, 100


@pytest.fixture
def video(tmp_path: Path) -> str:
    """Twelve frames 64 x 48, red rising by 20 a frame; FFV1 loses nothing but the colour conversion's bit."""
    path = str(tmp_path / "video.avi")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"FFV1"), FPS, (64, 48))
    assert writer.isOpened()
    for number in range(COUNT):
        bgr = np.zeros((48, 64, 3), np.uint8)
        bgr[:, :, 2] = 20 * number
        writer.write(bgr)
    writer.release()
    return path


@pytest.fixture
def cameras() -> Iterator[list[OpenCvCamera]]:
    made: list[OpenCvCamera] = []
    yield made
    for camera in made:
        camera.close()


def opened(cameras: list[OpenCvCamera], source: str, **options: object) -> OpenCvCamera:
    cameras.append(OpenCvCamera("front", OpenCvConfig(source, **options)))  # type: ignore[arg-type]
    return cameras[-1]


def play(camera: OpenCvCamera, frames: int) -> list[Frame]:
    got: list[Frame] = []
    deadline = time.monotonic() + 20.0
    while len(got) < frames and time.monotonic() < deadline:
        try:
            frame = camera.read()
        except DeviceLost:
            break
        got += [frame] if frame else []
        time.sleep(0.001)
    return got


def test_a_file_plays_in_order_in_rgb_and_its_end_is_a_loss(video: str, cameras: list[OpenCvCamera]) -> None:
    camera = opened(cameras, video, timeout_s=20.0)
    began = time.time_ns()
    info = camera.connect()
    frames = play(camera, COUNT + 1)
    reds = [int(f.pixels[0, 0, 0]) for f in frames]
    assert (info.width, info.height, info.camera, info.K.any()) == (64, 48, "front", False)
    assert reds == sorted(set(reds))
    assert abs(reds[-1] - 20 * (COUNT - 1)) <= 3  # the last frame is not lost to the end
    assert frames[-1].pixels.shape == (48, 64, 3)
    assert (frames[-1].pixels[:, :, 1:] <= 3).all()  # the blue and green of a red frame
    stamps = [f.stamp_ns for f in frames]
    assert stamps == sorted(set(stamps))
    assert began <= stamps[0] <= stamps[-1] <= time.time_ns()
    with pytest.raises(DeviceLost, match=r"'front': .*video\.avi ended"):
        camera.read()


def test_a_file_takes_as_long_as_it_says(video: str, cameras: list[OpenCvCamera]) -> None:
    camera = opened(cameras, video, timeout_s=20.0)
    began = time.monotonic()
    camera.connect()
    play(camera, COUNT + 1)
    assert time.monotonic() - began >= (COUNT - 1) / FPS


def test_a_loop_starts_again(video: str, cameras: list[OpenCvCamera]) -> None:
    camera = opened(cameras, video, loop=True, timeout_s=20.0)
    camera.connect()
    reds = [int(f.pixels[0, 0, 0]) for f in play(camera, 3 * COUNT)]
    assert len(reds) == 3 * COUNT
    assert sum(b < a for a, b in itertools.pairwise(reds)) >= 2


def test_connect_after_the_end_plays_it_again(video: str, cameras: list[OpenCvCamera]) -> None:
    camera = opened(cameras, video, timeout_s=20.0)
    camera.connect()
    play(camera, COUNT + 1)
    camera.connect()
    assert len(play(camera, 2)) == 2
    camera.close()
    camera.close()
    with pytest.raises(DeviceLost, match="not connected"):
        camera.read()


def test_the_rigs_calibration_is_the_pinhole(video: str, cameras: list[OpenCvCamera]) -> None:
    camera = opened(cameras, video, K=(60.0, 61.0, 32.0, 24.0), distortion=(0.1, 0.0, 0.0, 0.0, 0.0))
    info = camera.connect()
    assert info.K.tolist() == [[60.0, 0.0, 32.0], [0.0, 61.0, 24.0], [0.0, 0.0, 1.0]]
    assert info.distortion.tolist() == [0.1, 0.0, 0.0, 0.0, 0.0]


def test_what_is_no_video_or_not_there_is_an_error(tmp_path: Path, cameras: list[OpenCvCamera]) -> None:
    (tmp_path / "text.avi").write_text("no video")
    with pytest.raises(DeviceError, match=r"OpenCV cannot open .*text\.avi"):
        opened(cameras, str(tmp_path / "text.avi")).connect()
    with pytest.raises(DeviceError, match=r"/dev/video97 is not there \(found .*\); check the cable"):
        opened(cameras, "/dev/video97").connect()


def test_a_device_without_permission_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, cameras: list[OpenCvCamera]
) -> None:
    monkeypatch.setattr(os.path, "exists", lambda path: True)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DeviceError, match=r"no permission to open /dev/video3; run `sudo usermod -aG video"):
        opened(cameras, "3").connect()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("0", Kind.DEVICE),
        ("/dev/video12", Kind.DEVICE),
        ("rtsp://10.0.0.5:554/live", Kind.URL),
        ("clips/day 1.mp4", Kind.FILE),
    ],
)
def test_a_source_is_known_by_its_looks(source: str, kind: Kind) -> None:
    assert VideoSource(source).kind is kind


@pytest.mark.parametrize("user", ["admin:hunter2", "${USER}:hunter2", "hunter2", "a${USER}:${PASSWORD}"])
def test_a_literal_password_is_refused_and_not_repeated(user: str) -> None:
    with pytest.raises(ConfigError, match=r"want them from the environment") as error:
        OpenCvConfig(f"rtsp://{user}@10.0.0.5/live")
    assert "hunter2" not in str(error.value)


def test_credentials_come_from_the_environment_when_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    source = VideoSource(OpenCvConfig("rtsp://${CAM_USER}:${CAM_PASSWORD}@${CAM_HOST}/live").source)
    monkeypatch.setenv("CAM_USER", "lab")
    monkeypatch.setenv("CAM_HOST", "10.0.0.5:554")
    monkeypatch.delenv("CAM_PASSWORD", raising=False)
    with pytest.raises(DeviceError, match=r"\$\{CAM_PASSWORD\}, which is not set; run `export CAM_PASSWORD"):
        source.expand("front")
    monkeypatch.setenv("CAM_PASSWORD", "p@ss/word")
    assert source.expand("front") == "rtsp://lab:p%40ss%2Fword@10.0.0.5:554/live"


def test_a_stream_that_refuses_does_not_tell_the_password(
    monkeypatch: pytest.MonkeyPatch, cameras: list[OpenCvCamera], capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAM_PASSWORD", "hunter2")
    monkeypatch.setenv("CAM_USER", "lab")
    with pytest.raises(DeviceError, match="its address, user and password") as error:
        opened(cameras, "rtsp://${CAM_USER}:${CAM_PASSWORD}@127.0.0.1:1/live").connect()
    assert "hunter2" not in str(error.value) + "".join(capfd.readouterr())


def test_options_that_make_no_sense_are_all_refused() -> None:
    with pytest.raises(ConfigError, match=r"want both or none[\s\S]*'MJPEG', want four characters"):
        OpenCvConfig("0", width=640, fourcc="MJPEG")


def test_the_kernels_time_of_capture_is_moved_to_unix_time() -> None:
    monotonic, unix = 5_000_000_000, 1_700_000_000_000_000_000
    assert capture_stamp_ns(4988.0, monotonic, unix, 0.5) == unix - 12_000_000
    for implausible in (-1.0, 0.0, 3900.0, 5001.0):
        assert capture_stamp_ns(implausible, monotonic, unix, 0.5) == unix - 500_000_000
