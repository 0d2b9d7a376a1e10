"""The doctor connects, reads, closes: nothing is sent, and a driver's own words are shown as they are."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from robot.cameras.driver import Frame
from robot.core.errors import DeviceError, DeviceLost
from robot.core.types import RobotState
from robot.doctor import devices
from robot.doctor.finding import Finding
from robot.rig import ArmRig, CameraRig
from teleop.device import Reading
from tests.unit.rig_parts import twin_limits

LOST = "arm/left: the cable is out; put it in"
MS = 1_000_000


class FakeTime:
    """Time that passes by sleeping only."""

    now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def time_ns(self) -> int:
        return int(self.now_s * 1e9)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "time", FakeTime())


class FakeArm:
    """An arm that measures once a millisecond, and must not be sent anything."""

    def __init__(self, fails: str = "", fault: str = "") -> None:
        self._fails, self._fault, self._reads = fails, fault, 0
        self.closed = False

    def connect(self) -> None:
        if self._fails == "connect":
            raise DeviceError(LOST)

    def state(self) -> RobotState:
        self._reads += 1
        if self._fails == "state" and self._reads > 1:
            raise DeviceLost(LOST)
        T = np.diag([1.0, -1.0, -1.0, 1.0])
        T[:3, 3] = 0.5, 0.0, 0.2
        q = np.array([0.0, 0.25, 0.0, -2.2, 0.0, 2.45, 0.785], np.float32)
        zero = np.zeros(6, np.float32)
        return RobotState(self._reads * MS, "left", q, 0 * q, 0 * q, T, zero, zero, 0.0)

    def fault(self) -> str:
        return self._fault

    def close(self) -> None:
        self.closed = True


class FakeCamera:
    """Gives the frames it was made with, one a read."""

    def __init__(self, *frames: Frame) -> None:
        self._frames, self.closed = list(frames), False

    def connect(self) -> SimpleNamespace:
        return SimpleNamespace(width=64, height=48)

    def read(self) -> Frame | None:
        return self._frames.pop(0) if self._frames else None

    def close(self) -> None:
        self.closed = True


class FakeHand:
    """Deflected as it was made."""

    def __init__(self, deflection: float) -> None:
        self._deflection, self.closed = deflection, False

    def connect(self) -> None: ...

    def read(self) -> Reading:
        return Reading(np.full(6, self._deflection, np.float32), False)

    def close(self) -> None:
        self.closed = True


def look_at(arm: FakeArm, *, lockstep: bool = False) -> list[Finding]:
    rig = ArmRig("fake", twin_limits(), (0.5, 0.0, 0.2), (1.0, 0.0, 0.0, 0.0), 0.005)
    found = list(devices.look_at_arm("arm/left", arm, rig, lockstep))  # type: ignore[arg-type]
    assert arm.closed
    return found


def test_a_sound_arm_has_a_rate_a_place_and_a_load() -> None:
    rate, place, load = look_at(FakeArm())
    assert {f.verdict for f in (rate, place, load)} == {"ok"}
    assert "a new state every 1 ms (looked every 2 ms), at worst 1 ms" in rate.seen
    assert len(look_at(FakeArm(), lockstep=True)) == 2  # the twin's time stands still: no rate


@pytest.mark.parametrize("fails", ["connect", "state"])
def test_a_driver_s_own_words_are_shown(fails: str) -> None:
    assert look_at(FakeArm(fails)) == [Finding("arm/left", "problem", LOST)]


def test_a_fault_is_shown_and_the_rest_still_looked_at() -> None:
    fault, *rest = look_at(FakeArm(fault="reflex: cartesian_reflex"))
    assert (fault.verdict, fault.seen) == ("problem", "reflex: cartesian_reflex")
    assert "nudge jog" in fault.next_step
    assert len(rest) == 3


def test_a_camera_without_a_frame_is_a_problem() -> None:
    camera = FakeCamera()
    (finding,) = devices.look_at_camera("camera/wrist", camera, CameraRig("fake"))  # type: ignore[arg-type]
    assert camera.closed
    assert (finding.verdict, finding.seen) == ("problem", "connected, but no frame in 5 s")


def test_a_camera_s_frames_are_counted_from_the_first_one_on() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    frames = [Frame(i * 40 * MS, noise) for i in range(3)]
    camera = FakeCamera(*frames)
    rig = replace(CameraRig("fake"), max_age_s=float("inf"))
    (finding,) = devices.look_at_camera("camera/wrist", camera, rig)  # type: ignore[arg-type]
    assert (finding.verdict, finding.seen[:20]) == ("ok", "64x48, 25 frames/s, ")


@pytest.mark.parametrize(("deflection", "verdict"), [(0.05, "ok"), (-0.5, "warning")])
def test_a_hand_device_shall_be_at_rest(deflection: float, verdict: str) -> None:
    hand = FakeHand(deflection)
    (finding,) = devices.look_at_hand("teleop/fake/left", hand)
    assert hand.closed
    assert finding.verdict == verdict
