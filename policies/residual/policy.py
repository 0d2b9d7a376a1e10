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
from policies.residual.weights import unpack
from robot.core.errors import SpecMismatch, WeightsRefused
from robot.core.spec import RigSpec
from robot.core.types import Array, Observation, Weights


class Networks(NamedTuple):
    """What the compiled forward pass takes."""

    actor: Any
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
        self._template = {
            "actor": self._ready.networks.actor,
            "state": self._ready.networks.statistics._asdict(),
            "channels": {camera: basis._asdict() for camera, basis in self._ready.bases.items()},
        }
        if self._behaviour.has_gripper_critic:
            self._template["gripper"] = self._ready.networks.gripper
        # Compile now, with and without noise: the first step on the robot must not wait for it.
        blank = blank_inputs(self._reduced)
        for noise in (None, blank[2]):
            np.asarray(self._forward(self._ready.networks, *blank, noise))

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
        networks = jax.tree.map(_owned, Networks(tree["actor"], tree.get("gripper"), Statistics(mean, std)))
        channels = tree.get("channels", {})
        bases = {k: ChannelBasis(b["mean"].copy(), b["matrix"].copy()) for k, b in channels.items()}
        return ReadyWeights(weights.version, networks, bases)

    def swap(self, ready: ReadyWeights) -> None:
        """Act with these weights from the next call on: one assignment, between two steps."""
        self._ready = ready

    def act(self, observation: Observation, base_action: Array, seed: int | None = None) -> Array:
        """The residual [A]; the caller adds the base and clips to [-1, 1].

        It stays within +-residual_scale, but for the grippers of a discrete gripper critic.

        Args:
            observation: one observation of the spec's shapes.
            base_action: [A] what the base wants here.
            seed: if given, exploration is drawn from it, before any weights too: a critic must see what
                actions do.
        """
        ready = self._ready  # read once: a swap may come at any time
        if ready.version == 0 and seed is None:
            return np.zeros(self._spec.action.size, np.float32)
        state = self._spec.observation.flatten_state(observation)[None]
        seen = {name: observation.features[name] for name in self._spec.observation.features}
        features = {name: maps[None] for name, maps in project(seen, ready.bases).items()}
        base = base_action[None]
        noise = None if seed is None else np.random.default_rng(seed).standard_normal(base.shape, np.float32)
        return np.asarray(self._forward(ready.networks, state, features, base, noise))[0]

    def _residual(
        self, networks: Networks, state: jax.Array, features: Any, base: jax.Array, noise: jax.Array | None
    ) -> jax.Array:
        seen = networks.statistics.normalise(state)
        return self._behaviour.explore(networks.actor, networks.gripper, seen, features, base, noise)

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
        return ReadyWeights(0, Networks(actor, gripper, Statistics(jnp.zeros(size), jnp.ones(size))), bases)


def _owned(array: np.ndarray) -> jax.Array:
    # A copy of its own: jax may otherwise alias the bytes of the message.
    return jnp.array(array)
