"""What the doctor tells a new user: no permission on hidraw, and a RealSense on USB 2, through the SDKs.

The others need none: tests/unit/test_doctor_network.py (wrong IP, FCI not enabled), test_doctor_domain.py.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from robot.cameras.realsense import RealSenseCamera, RealSenseConfig
from robot.doctor.devices import look_at_camera, look_at_hand
from robot.rig import CameraRig
from teleop.hid_devices import UDEV_RULE
from teleop.spacemouse import SpaceMouse, SpaceMouseConfig
from tests.sdk.fake_hid import FakeHid

rs = pytest.importorskip("pyrealsense2")


class FakeDevice:
    """A RealSense as the SDK lists it, plugged into a USB 2 port."""

    _INFO = {rs.camera_info.serial_number: "123", rs.camera_info.usb_type_descriptor: "2.1"}

    def supports(self, info: object) -> bool:
        return info in self._INFO

    def get_info(self, info: object) -> str:
        return self._INFO[info]


def test_no_permission_on_hidraw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = tmp_path / "hidraw3"
    node.touch(mode=0o600)
    hid = FakeHid("SpaceNavigator", path=str(node))
    hid.refuses = True
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may open everything
    (finding,) = look_at_hand("teleop/spacemouse/arm", SpaceMouse(SpaceMouseConfig(), lambda: [hid]))
    assert (finding.verdict, finding.check) == ("problem", "teleop/spacemouse/arm")
    assert f"no permission to open {node}" in finding.seen
    assert "mode 0600" in finding.seen
    assert UDEV_RULE in finding.seen
    assert "sudo udevadm trigger" in finding.seen


def test_a_space_mouse_that_answers_is_well() -> None:
    (finding,) = look_at_hand(
        "teleop/spacemouse/arm", SpaceMouse(SpaceMouseConfig(), lambda: [FakeHid("SpaceNavigator")])
    )
    assert (finding.verdict, finding.seen) == ("ok", "answers; deflected by 0.00 of its range")


def test_a_realsense_on_usb_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rs, "context", lambda: SimpleNamespace(query_devices=lambda: [FakeDevice()]))
    camera = RealSenseCamera("wrist", RealSenseConfig(serial="123"))
    (finding,) = look_at_camera("camera/wrist", camera, CameraRig("realsense"))
    assert finding.verdict == "problem"
    assert "RealSense 123 got USB 2.1, want 3.x" in finding.seen
    assert "use a USB 3" in finding.seen
