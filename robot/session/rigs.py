"""A cell's rig with all the names it may use: here the robot's drivers and the teleop devices meet."""

from __future__ import annotations

from pathlib import Path

from robot.arms import ARMS
from robot.cameras import CAMERAS
from robot.core.errors import ConfigError
from robot.drivers import driver_class, options_for
from robot.rig import RigConfig, TeleopRig
from robot.rig_file import Catalogue, read_rig
from teleop import TELEOP
from teleop.device import TeleopDevice


def load_rig(name_or_path: str | Path) -> RigConfig:
    """The checked rig `launch/rigs/NAME.yaml`, or of a file; ConfigError lists everything wrong with it."""
    return read_rig(name_or_path, Catalogue(ARMS, CAMERAS, TELEOP))


def is_twin(rig: RigConfig) -> bool:
    """Whether all of the rig is simulated; ConfigError for one that is so in part."""
    drivers = {a.driver for a in rig.arms.values()} | {c.driver for c in rig.cameras.values()}
    if "twin" in drivers and len(drivers) > 1:
        raise ConfigError(
            [f"drivers {sorted(drivers)}: the twin cannot share a cell with real ones"], rig.name
        )
    return drivers == {"twin"}


def make_teleop(rig: TeleopRig) -> TeleopDevice:
    """The hand device, not yet opened; ConfigError lists every option that it does not take."""
    return driver_class(TELEOP, rig.device)(options_for(TELEOP, rig.device, rig.options))
