"""Our learner on a foreign environment: no base policy, so the residual is the whole action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np

from benchmarks.foreign.environment import Transition
from benchmarks.foreign.episodes import EpisodeStream, observation, rig_spec
from benchmarks.foreign.statistics import state_statistics
from policies.replay.buffer import ReplayBuffer
from policies.replay.limiter import UpdateRatio
from policies.replay.rows import rows_within
from policies.residual.agent import ResidualAgent
from policies.residual.policy import ResidualPolicy
from policies.residual.weights import pack
from robot.core.types import Array
from robot.session.config import preset

_FINGERPRINT = "foreign"  # both ends are in this process
_WARMUP_STEPS = 100  # as the peer's: without a base there is little to see in more
_FIRST_PRACTICE = 1_000_000  # number of the first episode that is no demonstration


class NudgeLearner:
    """`ResidualAgent` and `ReplayBuffer` in the order of `policies.learner`.

    Args:
        name: a training preset of `robot.session.config`; its residual may be the whole action.
        demonstrations: whole episodes, in order.
        gripper_last: whether the last action is a gripper command.
        seed: of the networks, the draws and the exploration.
    """

    def __init__(
        self, name: str, demonstrations: Sequence[Transition], gripper_last: bool, seed: int
    ) -> None:
        learner = replace(preset(name).learner, warmup_steps=_WARMUP_STEPS)
        self._when, self._config = learner, replace(learner.residual, residual_scale=1.0)
        c, size = self._config, len(demonstrations[0].action)
        spec = rig_spec(len(demonstrations[0].state), size, gripper_last)
        self._agent = ResidualAgent(spec, c, *state_statistics(demonstrations), seed)
        rows = rows_within(learner.memory_gb, spec)
        self._buffer = ReplayBuffer(spec, rows, c.discount, c.n_step, seed)
        self._ratio = UpdateRatio(c.utd_ratio, learner.warmup_steps)
        self._policy = ResidualPolicy(spec, c, _FINGERPRINT)
        self._base = np.zeros(size, np.float32)
        self._rng = np.random.default_rng(seed)
        self._steps, self._version = 0, 0
        self._add(EpisodeStream("foreign", size, "demo"), demonstrations)
        self._practice = EpisodeStream("foreign", size, "train", _FIRST_PRACTICE)
        self._publish()
        self.settings = {**asdict(replace(learner, residual=c)), "preset": name}

    def act(self, state: Array, explore: bool) -> Array:
        """The residual on a base of zeros."""
        seed = int(self._rng.integers(2**31)) if explore else None
        return self._policy.act(observation(state), self._base, seed)

    def record(self, transition: Transition) -> None:
        """Take in one step of practice."""
        self._add(self._practice, [transition])
        self._steps += 1

    def update(self) -> None:
        """The updates that are due after one more step: the critics alone first, then the actor too."""
        while self._due():
            before, c = self._agent.step, self._config
            batches = self._buffer.sample(c.batch_size, c.expert_fraction, c.critics_per_actor)
            train_actor = before >= self._when.critic_only_updates
            self._agent.update(batches, train_actor)
            if before // self._when.publish_every != self._agent.step // self._when.publish_every:
                self._publish()

    def _due(self) -> int:
        if self._steps < self._when.warmup_steps:
            return 0
        return self._ratio.updates_due(self._steps, self._agent.step - self._when.critic_only_updates)

    def _publish(self) -> None:
        self._version += 1
        params = {**self._agent.actor_params, "channels": {}}
        weights = pack(params, self._version, self._agent.step, _FINGERPRINT)
        self._policy.swap(self._policy.load(weights))

    def _add(self, stream: EpisodeStream, transitions: Sequence[Transition]) -> None:
        for transition in transitions:
            for record in stream.records(transition):
                self._buffer.add(record)
