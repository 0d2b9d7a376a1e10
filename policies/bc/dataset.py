"""Demonstrations as training windows: one observation, and the actions that followed it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from policies.replay.episode import Episode
from robot.core.errors import NudgeError, SpecMismatch
from robot.core.spec import RigSpec
from robot.core.types import Array, Arrays

_STD_RELATIVE = 0.01  # of a value's largest magnitude: a value that hardly moved must not shout when it does
_STD_ABSOLUTE = 1e-3  # in the value's own unit


@dataclass(frozen=True)
class Windows:
    """N windows, one for every recorded step. Actions past an episode's end are zeros (hold), not ``valid``.

    The loss skips what is not valid: a demonstration that ends in success says nothing of what comes after,
    and a policy that learned to hold there would also stop just short of the goal.
    """

    state: Array  # [N, S]
    features: Arrays  # camera -> [N, h, w, c] float16
    action: Array  # [N, H, A]
    valid: np.ndarray  # [N, H] bool

    def __len__(self) -> int:
        return len(self.state)

    def normaliser(self) -> tuple[Array, Array]:
        """Mean [S] and standard deviation [S] of the state, the latter with a floor."""
        floor = np.maximum(_STD_RELATIVE * np.abs(self.state).max(axis=0), _STD_ABSOLUTE)
        std = np.maximum(self.state.std(axis=0, dtype=np.float64), floor)
        return self.state.mean(axis=0, dtype=np.float64).astype(np.float32), std.astype(np.float32)

    def fingerprint(self) -> str:
        """Sixteen hex digits over states and actions: whether a checkpoint saw the same demonstrations."""
        return hashlib.sha256(self.state.tobytes() + self.action.tobytes()).hexdigest()[:16]


def windows(episodes: Sequence[Episode], spec: RigSpec, pred_horizon: int) -> Windows:
    """Every step of every episode; NudgeError without steps, SpecMismatch for data of another rig."""
    episodes = [e for e in episodes if len(e)]
    if not episodes:
        raise NudgeError("no demonstration steps to train on; record some with `nudge collect`")
    for episode in episodes:
        _check(episode, spec)
    chunks = [_chunks(e.action, pred_horizon) for e in episodes]
    cameras = spec.observation.features
    return Windows(
        state=np.concatenate([_state(e, spec) for e in episodes]),
        features={c: np.concatenate([e.features[c][: len(e)] for e in episodes]) for c in cameras},
        action=np.concatenate([action for action, _ in chunks]),
        valid=np.concatenate([valid for _, valid in chunks]),
    )


def _chunks(action: Array, pred_horizon: int) -> tuple[Array, np.ndarray]:
    steps = len(action)
    index = np.arange(steps)[:, None] + np.arange(pred_horizon)  # [T, H]
    padded = np.concatenate([action, np.zeros((pred_horizon, action.shape[1]), np.float32)])
    return np.clip(padded[index], -1, 1), index < steps


def _state(episode: Episode, spec: RigSpec) -> Array:
    parts = [episode.state[k][: len(episode)].reshape(len(episode), -1) for k in spec.observation.state]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _check(episode: Episode, spec: RigSpec) -> None:
    want = {("action", ""): (spec.action.size,)}
    want |= {("state", k): tuple(s) for k, s in spec.observation.state.items()}
    want |= {("features", k): tuple(s) for k, s in spec.observation.features.items()}
    got = {("action", ""): episode.action.shape[1:]}
    got |= {("state", k): v.shape[1:] for k, v in episode.state.items()}
    got |= {("features", k): v.shape[1:] for k, v in episode.features.items()}
    problems = [
        f"{' '.join(k).strip()}: got {got.get(k)}, want {w}" for k, w in want.items() if got.get(k) != w
    ]
    if problems:
        where = f"episode {episode.header.episode_id} does not fit the rig"
        raise SpecMismatch(f"{where}: {'; '.join(problems)}; record or re-encode it with this rig")
