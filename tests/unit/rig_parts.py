"""Parts of rigs that several tests need."""

from __future__ import annotations

import yaml

from robot.core.config import from_dict
from robot.limits import SafetyLimits
from robot.rig_file import RIGS


def twin_limits() -> SafetyLimits:
    """Those of launch/rigs/twin.yaml."""
    rig = yaml.safe_load((RIGS / "twin.yaml").read_text())
    return from_dict(SafetyLimits, rig["arms"]["arm"]["limits"])
