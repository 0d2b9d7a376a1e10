"""The contestants by name; a name is imported only in the process that runs it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.foreign.environment import Transition
from benchmarks.foreign.learner import Learner
from benchmarks.peers import torchvision_stub

LEARNERS = ("lerobot", "nudge-residual", "nudge-robust", "nudge-hilserl", "nudge-rlpd")


def make_learner(name: str, demonstrations: Sequence[Transition], gripper_last: bool, seed: int) -> Learner:
    """`lerobot`, or `nudge-PRESET` with one of our presets."""
    if name == "lerobot":
        torchvision_stub.install()  # before lerobot is imported
        from benchmarks.foreign.lerobot_learner import LerobotLearner

        return LerobotLearner(demonstrations, gripper_last, seed)
    from benchmarks.foreign.nudge_learner import NudgeLearner

    return NudgeLearner(name.removeprefix("nudge-"), demonstrations, gripper_last, seed)
