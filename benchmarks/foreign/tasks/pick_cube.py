"""gym_hil's pick-cube: a Panda lifts a block by 0.1 m; three translations of 25 mm a step and the gripper."""

from __future__ import annotations

import os

import numpy as np

from benchmarks.foreign.gym_environment import GymEnvironment
from benchmarks.foreign.pick_expert import CLOSE, HOLD, OPEN, Layout, PickExpert, Stage
from benchmarks.foreign.task import ForeignTask

TIME_LIMIT = 100  # the package's own
# State: joints [7], their speeds [7], gripper command [1], tool [3], block [3].
LAYOUT = Layout(tcp=slice(15, 18), thing=slice(18, 21), action_size=4, step_m=0.025)
STAGES = (
    Stage((0.0, 0.0, 0.08), OPEN),
    Stage((0.0, 0.0, 0.0), HOLD),
    Stage((0.0, 0.0, 0.0), CLOSE, stay_steps=4),
    Stage((0.0, 0.0, 0.2), HOLD),
)


def make() -> GymEnvironment:
    """The package's wrapped environment, block placed at random, observing state alone."""
    # It makes a renderer for state observations too, which needs a GL without a display.
    os.environ.setdefault("MUJOCO_GL", "egl")
    import gym_hil  # noqa: F401  # registers its environments
    import gymnasium

    env = gymnasium.make(
        "gym_hil/PandaPickCube-v0",
        image_obs=False,
        random_block_position=True,
        reset_delay_seconds=0.0,
        disable_env_checker=True,
    )
    return GymEnvironment(env, lambda raw, info: bool(info["succeed"]))


def expert(rng: np.random.Generator) -> PickExpert:
    """Over it, down, close, up."""
    return PickExpert(LAYOUT, STAGES, rng)


PICK_CUBE = ForeignTask("pick_cube", make, expert, "gym-hil", TIME_LIMIT)
