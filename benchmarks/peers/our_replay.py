"""Our replay buffer, full of noise of the right shapes."""

from __future__ import annotations

import numpy as np

from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from policies.residual.config import ResidualConfig
from robot.core.spec import RigSpec
from robot.core.types import EpisodeHeader, Outcome, Source

_EPISODES, _STEPS = 200, 100  # every fifth episode is a demonstration


def filled_buffer(spec: RigSpec, config: ResidualConfig) -> ReplayBuffer:
    """A replay of noise."""
    buffer = ReplayBuffer(spec, _EPISODES * (_STEPS + 1), config.discount, config.n_step)
    for k in range(_EPISODES):
        buffer.add_episode(random_episode(spec, k))
    return buffer


def random_episode(spec: RigSpec, number: int) -> Episode:
    """Noise of the right shapes; each fifth is a demonstration."""
    rng = np.random.default_rng(number)
    T, A = _STEPS, spec.action.size
    state = {k: rng.normal(size=(T + 1, *s)).astype(np.float32) for k, s in spec.observation.state.items()}
    features = {
        k: rng.normal(size=(T + 1, *s)).astype(np.float16) for k, s in spec.observation.features.items()
    }
    actions = rng.uniform(-1, 1, (T + 1, A)).astype(np.float32)
    zeros, last = np.zeros(T, np.float32), np.arange(T) == T - 1
    return Episode(
        header=EpisodeHeader(number, "benchmark", number, "nobody", "", "train" if number % 5 else "demo"),
        outcome=Outcome.TIME_LIMIT,
        stamp_ns=np.arange(T + 1),
        state=state,
        images={},
        features=features,
        base_action=actions,
        action=actions[:T],
        proposed_action=actions[:T],
        reward=zeros,
        discount=zeros + 1,
        terminated=np.zeros(T, bool),
        truncated=last,
        source=np.full(T, Source.POLICY, np.int8),
        weights_version=np.zeros(T, np.int64),
        safety=np.zeros(T, np.int64),
        dense=np.zeros(T + 1, np.float32),
        plan=np.zeros(T + 1, np.int32),
    )
