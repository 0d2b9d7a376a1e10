"""robosuite's Lift: a Panda lifts a cube 4 cm off the table; a pose step and the gripper, 20 Hz."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.foreign.pick_expert import CLOSE, OPEN, Layout, PickExpert, Stage
from benchmarks.foreign.robosuite_api import make
from benchmarks.foreign.task import ForeignTask

TIME_LIMIT = 100  # 5 s
# State: cube position [3] and quaternion [4], tool to cube [3], tool position [3], ...
LAYOUT = Layout(tcp=slice(10, 13), thing=slice(0, 3), action_size=7, step_m=0.05)
STAGES = (
    Stage((0.0, 0.0, 0.06), OPEN),
    Stage((0.0, 0.0, 0.0), OPEN),
    Stage((0.0, 0.0, 0.0), CLOSE, stay_steps=6),
    Stage((0.0, 0.0, 0.2), CLOSE),
)


def expert(rng: np.random.Generator) -> PickExpert:
    """Over it, down, close, up."""
    return PickExpert(LAYOUT, STAGES, rng)


LIFT = ForeignTask("lift", partial(make, "Lift", TIME_LIMIT), expert, "robosuite", TIME_LIMIT)
