"""One control step of our twin, as a worker: physics at 1 kHz, the safety layer at 100 Hz, two frames drawn.

It is the cell's own node in lockstep, on peg_insert with its two cameras; what it publishes goes nowhere.
Run by `benchmarks.peers.worker`.
"""

from __future__ import annotations

from importlib.metadata import version

import numpy as np

from benchmarks.peers.case import Case
from benchmarks.peers.worker import Contestant
from policies.tasks import TASKS
from robot.core import topics
from robot.core.types import Action, EpisodeStart, Source
from robot.session.cell import reference_limits
from robot.session.rigs import load_rig
from sim.cell import TwinCell

_EPISODE_STEPS = 60


class Stepper:
    """Drives the cell with noise, an episode after the other."""

    def __init__(self) -> None:
        self._task = TASKS.load("peg_insert")
        arms = load_rig(self._task.rig).arms
        limits = {name: reference_limits(arms[name], self._task) for name in self._task.arms}
        self._cell = TwinCell(self._task, limits)
        self.frames = 0
        self._cell.publish = self._count
        self._rng, self._steps = np.random.default_rng(0), 0
        self._cell.start()

    def step(self) -> None:
        """One control step, 0.1 simulated seconds; now and then a reset before it."""
        if self._steps % _EPISODE_STEPS == 0:
            self._cell.on(topics.EPISODE_START, EpisodeStart(0, self._steps // _EPISODE_STEPS, self._steps))
        self._steps += 1
        value = self._rng.uniform(-1, 1, self._task.action.size).astype(np.float32)
        action = Action(self._cell.twin.stamp_ns, value, value, np.zeros_like(value), Source.POLICY)
        self._cell.on(topics.COMMAND, action)

    def _count(self, topic: topics.Topic, message: object) -> None:
        self.frames += topic.name in {topics.camera_image(c).name for c in self._task.cameras}


def contestant(case: Case) -> Contestant:
    """The twin's cell; of the case only the threads matter."""
    stepper = Stepper()
    stepper.step()
    if stepper.frames != 4:  # two at the reset, two after the step
        raise RuntimeError(f"the twin drew {stepper.frames} frames in a reset and a step, want 4")
    about = {
        "versions": {"mujoco": version("mujoco")},
        "frames_per_step": 2,
        "physics_steps_per_step": 100,
    }
    return Contestant(about, {"step": stepper.step})
