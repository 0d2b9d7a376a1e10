"""The actor's side of the residual: verify new weights in a worker thread, swap them in, act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from policies.residual.behaviour import Behaviour
from policies.residual.channels import ChannelBasis, project, reduced
from policies.residual.config import ResidualConfig
from policies.residual.networks import blank_inputs, initial_params
from policies.residual.observation import Statistics, check_statistics
from policies.residual.situation import Situation
from policies.residual.weights import unpack
from robot.core.errors import SpecMismatch, WeightsRefused
from robot.core.spec import RigSpec
from robot.core.types import Array, Observation, Weights


class Networks(NamedTuple):
    """What the compiled forward pass takes."""

    actor: Any  # explores
    average: Any  # acts where nothing is to be tried out; see actor_average.py
    gripper: Any  # None: the actor moves the grippers too
    statistics: Statistics


@dataclass(frozen=True)
class ReadyWeights:
    """Weights that passed every check and are laid out for the network."""

    version: int
    networks: Networks
    bases: dict[str, ChannelBasis]


class ResidualPolicy:
    """Corrects the base's action; until weights arrive its correction is exactly zero.

    Args:
        spec: shapes of the observation and action.
        config: the learner's settings; the fingerprint should cover them.
        fingerprint: what weights must have been made for.
    """

    def __init__(self, spec: RigSpec, config: ResidualConfig, fingerprint: str) -> None:
        self._spec, self._config, self._fingerprint = spec, config, fingerprint
        self._behaviour = Behaviour(spec.action, config)
        self._reduced = reduced(spec, config.feature_channels)
        self._forward = jax.jit(self._residual)
        self._ready = self._initial()
        self._planned: tuple[Array, ...] = ()  # the rest of a chunk, [A] each
        self._template = {
            "actor": self._ready.networks.actor,
            "state": self._ready.networks.statistics._asdict(),
            "channels": {camera: basis._asdict() for camera, basis in self._ready.bases.items()},
        }
        if config.averages:
            self._template["average"] = self._ready.networks.average
        if self._behaviour.has_gripper_critic:
            self._template["gripper"] = self._ready.networks.gripper
        # Compile now, with and without noise: the first step on the robot must not wait for it.
        state, features, action = blank_inputs(self._reduced)
        previous = action if config.limits_rate else None
        for noise in (None, np.tile(action, config.chunk)):
            np.asarray(self._forward(self._ready.networks, state, features, action, previous, noise))

    @property
    def version(self) -> int:
        """Of the weights that act; 0 before any."""
        return self._ready.version

    def load(self, weights: Weights) -> ReadyWeights:
        """Verify and convert; slow, so for a worker thread. Nothing changes until `swap`.

        Raises:
            WeightsRefused: the reason; what runs keeps running.
        """
        tree = unpack(weights, self._fingerprint, self._template, self.version)
        mean, std = tree["state"]["mean"], tree["state"]["std"]
        try:
            check_statistics(mean, std, self._spec.observation.state_size)
        except SpecMismatch as error:
            raise WeightsRefused(f"weights version {weights.version} refused: {error}") from error
        average = tree.get("average", tree["actor"])
        parts = Networks(tree["actor"], average, tree.get("gripper"), Statistics(mean, std))
        networks = jax.tree.map(_owned, parts)
        channels = tree.get("channels", {})
        bases = {k: ChannelBasis(b["mean"].copy(), b["matrix"].copy()) for k, b in channels.items()}
        return ReadyWeights(weights.version, networks, bases)

    def swap(self, ready: ReadyWeights) -> None:
        """Act with these weights from the next call on; called between two steps."""
        self._ready = ready
        self.drop()

    def drop(self) -> None:
        """Forget what was decided for the steps to come: somebody else drove, or an episode begins."""
        self._planned = ()

    def act(
        self,
        observation: Observation,
        base_action: Array,
        seed: int | None = None,
        previous_action: Array | None = None,
    ) -> Array:
        """The residual [A]; the caller adds the base and clips to [-1, 1].

        It stays within +-residual_scale, but for the grippers of a discrete gripper critic, and for a base
        that has left the reach of the action before. Of a chunk one step a call is handed out; what is seen
        in between is not looked at.

        Args:
            observation: one observation of the spec's shapes.
            base_action: [A] what the base wants here.
            seed: if given, the newest actor explores, drawing from it, before any weights too: a critic must
                see what actions do. Otherwise the average of the latest actors acts.
            previous_action: [A] executed in the step before, whoever decided it; zeros at an episode's start.

        Raises:
            SpecMismatch: the rate of the actions is limited, and the one before was not given.
        """
        if self._config.limits_rate and previous_action is None:
            rate = self._config.action_rate
            raise SpecMismatch(f"action_rate is {rate:g}: the action executed before is needed; pass it on")
        if self.version == 0 and seed is None:
            return self._uncorrected(base_action, previous_action)
        if not self._planned:
            self._planned = tuple(self._plan(observation, base_action, seed, previous_action))
        residual, *planned = self._planned
        self._planned = tuple(planned)
        return residual

    def _uncorrected(self, base_action: Array, previous_action: Array | None) -> Array:
        if not self._config.limits_rate or previous_action is None:
            return np.zeros_like(base_action)
        rate = self._config.action_rate
        return np.clip(base_action, previous_action - rate, previous_action + rate) - base_action

    def _plan(
        self, observation: Observation, base_action: Array, seed: int | None, previous_action: Array | None
    ) -> Array:
        # [chunk, A]
        ready = self._ready
        state = self._spec.observation.flatten_state(observation)[None]
        seen = {name: observation.features[name] for name in self._spec.observation.features}
        features = {name: maps[None] for name, maps in project(seen, ready.bases).items()}
        size = (1, self._config.chunk * len(base_action))
        noise = None if seed is None else np.random.default_rng(seed).standard_normal(size, np.float32)
        previous = previous_action[None] if self._config.limits_rate and previous_action is not None else None
        residual = self._forward(ready.networks, state, features, base_action[None], previous, noise)
        return np.asarray(residual).reshape(self._config.chunk, -1)

    def _residual(
        self,
        networks: Networks,
        state: jax.Array,
        features: Any,
        base: jax.Array,
        previous: jax.Array | None,
        noise: jax.Array | None,
    ) -> jax.Array:
        seen = Situation(networks.statistics.normalise(state), features, base, previous)
        actor = networks.average if noise is None else networks.actor
        return self._behaviour.explore(actor, networks.gripper, seen, noise)

    def _initial(self) -> ReadyWeights:
        key, behaviour = jax.random.PRNGKey(0), self._behaviour
        actor = initial_params(behaviour.actor, self._reduced, key)
        gripper = None
        if behaviour.has_gripper_critic:
            gripper = initial_params(behaviour.gripper, self._reduced, key)
        size = self._spec.observation.state_size
        shapes, thin = self._spec.observation.features, self._reduced.observation.features
        bases = {
            k: ChannelBasis(np.zeros(s[-1], np.float32), np.zeros((s[-1], thin[k][-1]), np.float32))
            for k, s in shapes.items()
        }
        statistics = Statistics(jnp.zeros(size), jnp.ones(size))
        return ReadyWeights(0, Networks(actor, actor, gripper, statistics), bases)


def _owned(array: np.ndarray) -> jax.Array:
    # A copy of its own: jax may otherwise alias the bytes of the message.
    return jnp.array(array)
