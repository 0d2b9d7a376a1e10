"""robosuite's PickPlaceCan: a Panda puts a can into its quarter of the other bin; 20 Hz."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.foreign.pick_expert import CLOSE, OPEN, Layout, PickExpert, Stage
from benchmarks.foreign.robosuite_api import make
from benchmarks.foreign.task import ForeignTask

TIME_LIMIT = 250  # 12.5 s
# State: can to tool [3] and [4], can position [3] and quaternion [4], tool position [3], ...
LAYOUT = Layout(tcp=slice(14, 17), thing=slice(7, 10), action_size=7, step_m=0.05, tolerance_m=0.02)
BIN = (0.1975, 0.4025)  # m, x and y of the can's quarter
STAGES = (
    Stage((0.0, 0.0, 0.12), OPEN),
    Stage((0.0, 0.0, 0.0), OPEN),
    Stage((0.0, 0.0, 0.0), CLOSE, stay_steps=6),
    Stage((0.0, 0.0, 0.2), CLOSE),
    Stage((*BIN, 1.05), CLOSE, absolute=True),
    Stage((*BIN, 0.95), CLOSE, absolute=True),
    Stage((*BIN, 0.95), OPEN, absolute=True, stay_steps=4),
    Stage((*BIN, 1.1), OPEN, absolute=True),
)


def expert(rng: np.random.Generator) -> PickExpert:
    """Pick it up, carry it over, let it go, leave."""
    return PickExpert(LAYOUT, STAGES, rng)


CAN = ForeignTask("can", partial(make, "PickPlaceCan", TIME_LIMIT), expert, "robosuite", TIME_LIMIT)
