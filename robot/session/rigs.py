"""A cell's rig with all the names it may use: here the robot's drivers and the teleop devices meet."""

from __future__ import annotations

from pathlib import Path

from robot.arms import ARMS
from robot.cameras import CAMERAS
from robot.drivers import driver_class, options_for
from robot.rig import RigConfig, TeleopRig
from robot.rig_file import Catalogue, read_rig
from teleop import TELEOP
from teleop.device import TeleopDevice


def load_rig(name_or_path: str | Path) -> RigConfig:
    """The checked rig `launch/rigs/NAME.yaml`, or of a file; ConfigError lists everything wrong with it."""
    return read_rig(name_or_path, Catalogue(ARMS, CAMERAS, TELEOP))


def make_teleop(rig: TeleopRig) -> TeleopDevice:
    """The hand device, not yet opened; ConfigError lists every option that it does not take."""
    return driver_class(TELEOP, rig.device)(options_for(TELEOP, rig.device, rig.options))
