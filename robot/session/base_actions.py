"""The frozen base's own actions on the demonstrations: computed once after imitation, read by the learner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import numpy as safetensors

from policies.base import BasePolicy
from policies.replay.assemble import observation_at
from policies.replay.episode import Episode
from robot.core.errors import StoreError
from robot.core.types import Array

_FILE = "demo_actions.safetensors"


def write_base_actions(run_dir: Path, episodes: Sequence[Episode], base: BasePolicy) -> None:
    """Ask the base what it would have done at every observation of every demonstration.

    Source: ResFiT (2025), which relabels demonstrations so that their residual is human minus base.
    """
    actions = {str(e.header.episode_id): _relabel(e, base) for e in episodes}
    (run_dir / "base").mkdir(parents=True, exist_ok=True)
    temporary = run_dir / "base" / (_FILE + ".tmp")
    safetensors.save_file(actions, temporary)
    temporary.rename(run_dir / "base" / _FILE)


def has_base_actions(run_dir: Path) -> bool:
    """Whether the stage that writes them is done."""
    return (run_dir / "base" / _FILE).exists()


def read_base_actions(run_dir: Path) -> dict[int, Array]:
    """Episode id -> base actions [T + 1, A]; StoreError when they were not computed."""
    if not has_base_actions(run_dir):
        raise StoreError(f"{run_dir / 'base' / _FILE} is missing: the bc stage did not finish; run it again")
    return {int(k): v for k, v in safetensors.load_file(run_dir / "base" / _FILE).items()}


def _relabel(episode: Episode, base: BasePolicy) -> Array:
    base.reset(episode.header.seed)
    return np.stack([base.act(observation_at(episode, t)) for t in range(len(episode) + 1)])
