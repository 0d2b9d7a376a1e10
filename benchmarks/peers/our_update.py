"""One learner update of Nudge, as a worker: all that touches the learner's API is here.

From cameras it sees what its replay holds: the frozen trunk's feature maps, reduced to their principal
components. Run by `benchmarks.peers.worker`.
"""

from __future__ import annotations

from dataclasses import replace

import flax
import jax
import numpy as np

from benchmarks.peers.case import Case
from benchmarks.peers.our_replay import filled_buffer
from benchmarks.peers.worker import Contestant
from policies.replay.batch import Batch
from policies.residual.agent import ResidualAgent
from policies.residual.channels import ChannelBasis, reduced
from policies.residual.config import ResidualConfig
from policies.residual.policy import ResidualPolicy
from policies.residual.weights import pack
from robot.core.spec import ActionSpec, ArmActionSpec, ObservationSpec, RigSpec
from robot.core.types import Observation, Weights
from robot.session.config import SessionConfig

FINGERPRINT = "benchmark"


def rig(case: Case, trunk_shape: tuple[int, int, int]) -> RigSpec:
    """A rig of the case's sizes; the action has one value an axis."""
    cameras = [f"camera{i}" for i in range(case.cameras)]
    size = (case.image_size, case.image_size, 3)
    axes = ("x", "y", "z", "rx", "ry", "rz")[: case.action_size]
    observation = ObservationSpec(
        {"state": (case.state_size,)}, dict.fromkeys(cameras, size), dict.fromkeys(cameras, trunk_shape)
    )
    return RigSpec(observation, ActionSpec((ArmActionSpec("arm", axes, 0.008, 0.08),)))


def default_core() -> ResidualConfig:
    """What a session learns with unless told otherwise."""
    return SessionConfig().learner.residual


def config_of(case: Case) -> ResidualConfig:
    """The default core with the case's ensemble and batch."""
    few = min(2, case.critics)
    return replace(
        default_core(),
        critics=case.critics,
        critic_subset=few,
        actor_critics=few,
        batch_size=case.batch,
        critics_per_actor=case.critic_updates,
    )


class Learner:
    """An agent and the batches it is updated on."""

    def __init__(self, case: Case, thin: RigSpec) -> None:
        size = case.state_size
        self.agent = ResidualAgent(
            thin, config_of(case), np.zeros(size, np.float32), np.ones(size, np.float32), 0
        )
        self._case, self._buffer = case, filled_buffer(thin, self.agent.config)
        self._batches = self.sample()

    def sample(self) -> Batch:
        """The K batches of one full update, in one gather."""
        return self._buffer.sample(self._case.batch, count=self._case.critic_updates)

    def critic(self) -> None:
        """K critic updates."""
        self.agent.update(self._batches, train_actor=False)
        jax.block_until_ready(self.agent.state)

    def full(self) -> None:
        """K critic updates, then one actor update."""
        self.agent.update(self._batches, train_actor=True)
        jax.block_until_ready(self.agent.state)


class Actor:
    """The running policy with weights that have been swapped in."""

    def __init__(self, case: Case, spec: RigSpec, learner: Learner) -> None:
        self._policy = ResidualPolicy(spec, learner.agent.config, FINGERPRINT)
        self._policy.swap(self._policy.load(message(spec, learner)))
        self._base = np.zeros(case.action_size, np.float32)
        rng = np.random.default_rng(0)
        pixels = (case.image_size, case.image_size, 3)
        self._images = {k: rng.integers(0, 256, pixels, np.uint8) for k in spec.observation.features}
        self._encode = _encoder(case) if case.cameras else None
        features = {k: rng.normal(size=s).astype(np.float16) for k, s in spec.observation.features.items()}
        self._seen = Observation(0, {"state": np.zeros(case.state_size, np.float32)}, self._images, features)

    def act(self) -> None:
        """One action from what the sensors saw: with cameras, the trunk is run first."""
        features = self._encode.encode(self._images) if self._encode else {}
        self._policy.act(replace(self._seen, features=features), self._base)

    def act_encoded(self) -> None:
        """One action from feature maps that are there already."""
        self._policy.act(self._seen, self._base)


def message(spec: RigSpec, learner: Learner) -> Weights:
    """The learner's weights as they are published."""
    kept = learner.agent.config.feature_channels
    bases = {
        camera: ChannelBasis(np.zeros(s[-1], np.float32), np.eye(s[-1], kept, dtype=np.float32))._asdict()
        for camera, s in spec.observation.features.items()
    }
    return pack({**learner.agent.actor_params, "channels": bases}, 1, 0, FINGERPRINT)


def contestant(case: Case) -> Contestant:
    """Our learner and actor, compiled."""
    spec = rig(case, (case.image_size // 16, case.image_size // 16, 112))
    thin = reduced(spec, config_of(case).feature_channels)
    learner = Learner(case, thin)
    actor = Actor(case, spec, learner)
    operations = {"critic": learner.critic, "full": learner.full, "sample": learner.sample, "act": actor.act}
    if case.cameras:
        operations["act_encoded"] = actor.act_encoded
    for operation in operations.values():
        operation()  # compile
    if learner.agent.compilations != 2:
        raise RuntimeError(f"the learner compiled {learner.agent.compilations} programs, want 2")
    leaves = jax.tree.leaves([learner.agent.state.actor.params, learner.agent.state.critic.params])
    about = {
        "versions": {"jax": jax.__version__, "flax": flax.__version__},
        "parameters": sum(leaf.size for leaf in leaves),
        "weights_bytes": len(message(spec, learner).payload),
    }
    return Contestant(about, operations)


def _encoder(case: Case):
    from policies.encoders.efficientnet import EfficientNetLite0  # torch only where there are cameras

    return EfficientNetLite0((case.image_size, case.image_size))
