"""Our learner on a foreign environment: no base policy, so the residual is the whole action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from benchmarks.foreign.environment import Transition
from benchmarks.foreign.episodes import EpisodeStream, observation, rig_spec
from benchmarks.foreign.statistics import state_statistics
from policies.learner_config import LearnerConfig
from policies.replay.buffer import ReplayBuffer
from policies.residual.agent import ResidualAgent
from policies.residual.config import PRESETS
from policies.residual.policy import ResidualPolicy
from policies.residual.weights import pack
from robot.core.types import Array

_FINGERPRINT = "foreign"  # both ends are in this process
_WARMUP_STEPS = 100  # as the peer's; without a base there is little to see in more


class NudgeLearner:
    """`ResidualAgent` and `ReplayBuffer` in the order of `policies.learner`, an update pair a control step.

    Args:
        preset: in policies.residual.config.PRESETS; its residual bound is opened to the whole action.
        demonstrations: whole episodes, in order.
        seed: of the networks, the draws and the exploration.
    """

    def __init__(self, preset: str, demonstrations: Sequence[Transition], seed: int) -> None:
        self._config = replace(PRESETS[preset], residual_scale=1.0)
        self._timing = replace(LearnerConfig(), warmup_steps=_WARMUP_STEPS)
        first = demonstrations[0]
        self._spec = rig_spec(len(first.state), len(first.action))
        mean, std = state_statistics(demonstrations)
        c = self._config
        self._agent = ResidualAgent(self._spec, c, mean, std, seed)
        self._buffer = ReplayBuffer(self._spec, self._timing.capacity, c.discount, c.n_step, seed)
        self._policy = ResidualPolicy(self._spec, c, _FINGERPRINT)
        self._base = np.zeros(len(first.action), np.float32)
        self._rng = np.random.default_rng(seed)
        self._steps, self._version = 0, 0
        self._add_all(EpisodeStream("foreign", len(first.action), "demo"), demonstrations)
        self._stream = EpisodeStream("foreign", len(first.action), "train", first_id=100_000)
        self._publish()
        self.settings = {"preset": preset, **asdict(c), **asdict(replace(self._timing, residual=c))}
        self.settings.pop("residual")

    def act(self, state: Array, explore: bool) -> Array:
        """The residual on a base of zeros."""
        seed = int(self._rng.integers(2**31)) if explore else None
        return self._policy.act(observation(state), self._base, seed)

    def record(self, transition: Transition) -> None:
        """Take in one step of practice."""
        self._add_all(self._stream, [transition])
        self._steps += 1

    def update(self) -> None:
        """What `policies.learner` does for one online step: the critic alone first, then both."""
        if self._steps < self._timing.warmup_steps:
            return
        while self._agent.step < self._timing.critic_only_updates:
            self._learn(train_actor=False)
        self._learn(train_actor=True)
        if self._agent.step // self._timing.publish_every >= self._version:
            self._publish()

    def _learn(self, train_actor: bool) -> None:
        c, count = self._config, max(1, round(self._config.utd_ratio))
        batches = [self._buffer.sample(c.batch_size, c.expert_fraction) for _ in range(count)]
        self._agent.update(batches, train_actor, c.bc_scale(self._agent.step))

    def _publish(self) -> None:
        self._version += 1
        params = {**self._agent.actor_params, "channels": {}}
        weights = pack(params, self._version, self._agent.step, _FINGERPRINT)
        self._policy.swap(self._policy.load(weights))

    def _add_all(self, stream: EpisodeStream, transitions: Sequence[Transition]) -> None:
        for transition in transitions:
            for record in stream.records(transition):
                self._buffer.add(record)
