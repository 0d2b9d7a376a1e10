"""When an attempt counts as stuck, and how long and how often the arm may try to get free."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class AutonomyConfig:
    """Counts are control steps. None of these is a safety limit: those are the rig's, and come after.

    Raises:
        ConfigError: every number that is not finite and above 0, and a jam that would be seen after a stuck.
    """

    stuck_steps: int = 12  # asked to move for as long, and still in its place: stuck
    jam_steps: int = 6  # the same for as long, against a hard push: a jam
    asked_share: float = 0.2  # of the largest action, on average: less is no attempt to move
    moved_m: float = 0.002  # less over that time is still in its place ...
    moved_rad: float = 0.04
    jam_force_n: float = 8.0  # on the tool, on average
    jam_torque_nm: float = 3.0
    empty_m: float = 0.005  # a gripper closed further than this holds nothing
    free_m: float = 0.02  # from where it was stuck: free
    recover_s: float = 4.0  # for one try to get free
    reset_s: float = 10.0  # for one way to the start
    tries: int = 4  # between two attempts; then a person is called
    fresh_s: float = 0.15  # an older measurement moves nothing
    blind_s: float = 2.0  # without fresh measurements for longer: a person is called
    near_m: float = 0.004  # of the start ...
    near_rad: float = 0.03
    still_mps: float = 0.01  # ... and slower than this: there

    def __post_init__(self) -> None:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        problems = [
            f"{n}: got {v}, want a finite number above 0"
            for n, v in values.items()
            if not (math.isfinite(v) and v > 0)
        ]
        if self.jam_steps > self.stuck_steps:
            problems.append(f"jam_steps: got {self.jam_steps}, want at most stuck_steps, {self.stuck_steps}")
        if problems:
            raise ConfigError(problems, "autonomy")
