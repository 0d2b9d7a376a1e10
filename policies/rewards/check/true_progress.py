"""PRIVILEGED: how far a success had really come at each observation, where the twin gives poses away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from policies.replay.episode import Episode
from policies.rewards.episode_scores import poses_of
from robot.core.se3 import Matrix

_VIEW = "privileged/"


def true_progress(episode: Episode, arm: str) -> NDArray[np.float64] | None:
    """[T + 1] m: minus the way of the tool to the object, minus the object's to where the episode left it.

    The object is the one that was moved furthest, or where none was, the one that the tool ended nearest to.
    None for an episode that recorded no object's pose.
    """
    names = [n for n in episode.state if n.startswith(_VIEW)]
    if not names:
        return None
    tools = poses_of(episode, arm)
    tool = np.stack([T[:3, 3] for T in tools])
    paths = [_path(episode.state[n], tools) for n in names]
    thing = max(paths, key=lambda p: (round(_moved(p), 3), -_gap(p[-1], tool[-1])))
    return -np.linalg.norm(thing - tool, axis=1) - np.linalg.norm(thing - thing[-1], axis=1)


def _path(seen: np.ndarray, tools: list[Matrix]) -> NDArray[np.float64]:
    """[T + 1, 3] in base, of a pose [T + 1, 9] in the tool's frame."""
    return np.stack([T[:3, :3] @ s[:3] + T[:3, 3] for T, s in zip(tools, seen, strict=True)])


def _moved(path: NDArray[np.float64]) -> float:
    return _gap(path[0], path[-1])


def _gap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(a - b))
