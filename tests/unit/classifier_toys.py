"""Episodes whose last frame shows a success: one channel of the map says so, and the arm is down."""

from __future__ import annotations

import numpy as np

from policies.replay.episode import Episode
from policies.rewards.classifier.inputs import Inputs
from robot.core.types import EpisodeHeader, Outcome, Source

INPUTS = Inputs("peg", {"wrist": (2, 2, 4)}, {"arm/position": (3,), "arm/twist": (2,)}, "trunk-1")


def toy_episode(
    seed: int, outcome: Outcome = Outcome.SUCCESS, steps: int = 12, mode: str = "eval", signal: float = 3.0
) -> Episode:
    """Noise in every map; a successful end adds ``signal`` to channel 0 and has z at -1."""
    rng = np.random.default_rng(seed)
    maps = rng.normal(size=(steps + 1, 2, 2, 4))
    position = rng.uniform(0.0, 0.5, (steps + 1, 3))
    if outcome is Outcome.SUCCESS:
        maps[-1, ..., 0] += signal
        position[-1] = [0.1, 0.2, -1.0]
    zeros, actions = np.zeros(steps, np.float32), np.zeros((steps, 2), np.float32)
    return Episode(
        header=EpisodeHeader(seed, "peg", seed, "ada", "c0ffee", mode),
        outcome=outcome,
        stamp_ns=np.arange(steps + 1),
        state={
            "arm/position": position.astype(np.float32),
            "arm/twist": rng.normal(size=(steps + 1, 2)).astype(np.float32),
        },
        images={},
        features={"wrist": maps.astype(np.float16)},
        base_action=np.zeros((steps + 1, 2), np.float32),
        action=actions,
        proposed_action=actions,
        reward=zeros,
        discount=zeros,
        terminated=np.zeros(steps, bool),
        truncated=np.zeros(steps, bool),
        source=np.full(steps, Source.POLICY, np.int8),
        weights_version=np.zeros(steps, np.int64),
        safety=np.zeros(steps, np.int32),
        dense=np.zeros(steps + 1, np.float32),
        plan=np.zeros(steps + 1, np.int32),
    )
