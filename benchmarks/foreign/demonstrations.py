"""Successful episodes of a scripted expert: one file, which both learners read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.foreign.environment import Transition
from benchmarks.foreign.rollout import run_episode
from benchmarks.foreign.task import ForeignTask
from robot.core.errors import StoreError

FIRST_SEED = 500_000  # apart from practice and evaluation
_SCALARS = ("reward", "terminated", "truncated", "success", "gripper_penalty")


def demonstrate(task: ForeignTask, count: int, seed: int) -> list[Transition]:
    """``count`` successes of the expert with noise, in order; raises StoreError if it mostly fails."""
    env, rng = task.make(), np.random.default_rng(seed)
    kept: list[list[Transition]] = []
    for attempt in range(4 * count):
        expert = task.expert(rng)
        episode = run_episode(env, expert.act, FIRST_SEED + 10_000 * seed + attempt)
        if episode[-1].success:
            kept.append(episode)
        if len(kept) == count:
            env.close()
            return [t for each in kept for t in each]
    raise StoreError(
        f"the expert of {task.name} succeeded {len(kept)} of {4 * count} times, want {count}; "
        "look at what it does with less noise"
    )


def save(path: Path, transitions: list[Transition]) -> None:
    """Write them as arrays [N, ...]."""
    names = ("state", "action", "next_state", *_SCALARS)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.array([getattr(t, name) for t in transitions]) for name in names}
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load(path: Path) -> list[Transition]:
    """What `save` wrote."""
    with np.load(path) as arrays:
        columns = {name: arrays[name] for name in arrays.files}
    return [
        Transition(
            columns["state"][i],
            columns["action"][i],
            columns["next_state"][i],
            **{name: columns[name][i].item() for name in _SCALARS},
        )
        for i in range(len(columns["reward"]))
    ]
