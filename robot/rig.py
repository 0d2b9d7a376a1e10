"""A rig: the arms, cameras and hand devices of one cell, as `launch/rigs/NAME.yaml` describes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from robot.limits import SafetyLimits

Options = dict[str, Any]  # checked against the named driver's own Config


@dataclass(frozen=True)
class ArmRig:
    """One arm: its driver, the driver's options, where an episode starts, and what keeps it safe."""

    driver: str  # name in robot.arms.ARMS
    limits: SafetyLimits
    start_position_m: tuple[float, float, float]  # of the tool centre point, base frame
    start_quat_xyzw: tuple[float, float, float, float]
    tracking_m: float  # how far the arm strays from its reference in free motion: kept from every wall
    options: Options = field(default_factory=dict)


@dataclass(frozen=True)
class CropRig:
    """The part of the sensor's frame that is kept, pixels."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class CameraMount:
    """Where a camera is: what its extrinsic calibration found. Its z axis looks ahead, x right, y down."""

    on: Literal["base", "tool"]  # fixed in the first arm's base frame, or carried by that arm's tool
    position_m: tuple[float, float, float]
    quat_xyzw: tuple[float, float, float, float]


@dataclass(frozen=True)
class CameraRig:
    """One camera: its driver and what becomes of a frame. Cropped, then resized to the task's size, once."""

    driver: str  # name in robot.cameras.CAMERAS
    options: Options = field(default_factory=dict)
    crop: CropRig | None = None  # None: the largest centred square
    max_age_s: float = 0.1  # an older frame is no observation
    min_fps: float = 15.0  # a camera that gives fewer frames a second counts as lost
    mount: CameraMount | None = None  # None: not calibrated, so what it sees cannot be placed


@dataclass(frozen=True)
class HandMapping:
    """From a device's axes to an arm's: first the dead zone, then scale and signs, then the frame."""

    frame: Literal["tool", "base", "camera"] = "tool"
    camera_yaw_rad: float = 0.0  # about base z, where the camera (or the operator) looks along
    dead_zone: float = 0.05  # of full deflection; what is left is stretched to the full range
    translation: float = 1.0  # of the largest action
    rotation: float = 1.0
    signs: tuple[float, float, float, float, float, float] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True)
class TeleopRig:
    """One hand device and the arm it moves."""

    device: str  # name in teleop.TELEOP
    arm: str
    options: Options = field(default_factory=dict)
    mapping: HandMapping = field(default_factory=HandMapping)


@dataclass(frozen=True)
class RigConfig:
    """Everything a lab writes down about one cell; no secrets, those come from the environment."""

    name: str
    arms: dict[str, ArmRig]
    cameras: dict[str, CameraRig] = field(default_factory=dict)
    teleop: tuple[TeleopRig, ...] = ()
    domain_id: int | None = None  # ROS_DOMAIN_ID; None takes a free one
    guard_hz: float = 100.0  # how often the safety layer acts
    unattended: bool = False  # nobody can reach into the cell: its arms may move with no person's word
