"""The learner node: tails the store, keeps the update-to-data ratio, publishes weights; sees no device."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from policies.learner_config import LearnerConfig
from policies.replay.batch import Batch
from policies.replay.buffer import ReplayBuffer
from policies.replay.episode import Episode
from policies.replay.limiter import UpdateRatio
from policies.replay.look_ahead import DenseRule
from policies.replay.rows import rows_within
from policies.replay.tail import Record, StoreTail
from policies.residual import checkpoint
from policies.residual.agent import ResidualAgent
from policies.residual.channels import Bases, ChannelBasis, fit_basis, project, reduced
from policies.residual.weights import pack
from policies.rewards.vetoes import Vetoes
from policies.weights_file import write_weights
from robot.core import topics
from robot.core.errors import StoreError
from robot.core.node import Node
from robot.core.spec import RigSpec
from robot.core.types import Array, EpisodeHeader, LateLabels, Status, Weights

log = logging.getLogger(__name__)


class LearnerNode(Node):
    """Learns from a store that another process writes.

    Args:
        spec: the rig's.
        config: when and how to learn.
        store_root: demonstrations and online episodes.
        run_dir: `residual/` holds checkpoints, `weights/` what was published.
        fingerprint: what the actor checks weights against.
        demo_base_actions: episode id -> the frozen base's actions [T + 1, A] on that demonstration.
        seed: of the networks and of every draw.
        dense: how the recorded labels enter the reward.
        vetoes: plans whose labels count for nothing.
    """

    name = "learner"
    period_s = 0.0
    inputs = ()
    outputs = (topics.WEIGHTS, topics.LEARNER_STATUS)

    def __init__(
        self,
        spec: RigSpec,
        config: LearnerConfig,
        store_root: Path,
        run_dir: Path,
        fingerprint: str,
        demo_base_actions: Mapping[int, Array],
        seed: int,
        dense: DenseRule = "none",
        vetoes: Vetoes | None = None,
    ) -> None:
        self._vetoes = vetoes
        self._config, self._fingerprint, self._run_dir = config, fingerprint, run_dir
        self._base_actions = demo_base_actions
        r = config.residual
        self._ratio = UpdateRatio(r.utd_ratio, config.warmup_steps)
        self._tail = StoreTail(store_root)
        self._online_steps, self._version = 0, 0
        self._fresh = True  # an episode came to its end since vetoes were last applied
        records = [x for x in map(self._usable, self._tail.poll()) if x is not None]
        demos = [x for x in records if isinstance(x, Episode) and x.header.mode == "demo"]
        if not demos:
            raise StoreError("no successful demonstration in the store; run `nudge demo` first")
        self._bases = _bases(demos, spec, r.feature_channels)
        thin = reduced(spec, r.feature_channels)
        self._buffer = ReplayBuffer(
            thin, rows_within(config.memory_gb, thin), r.discount, r.n_step, seed, r.takeover_fails, dense
        )
        self._agent = ResidualAgent(thin, r, *_statistics(demos, spec), seed)
        for record in records:
            self._add(record)
        self._retract()
        counters = checkpoint.load(run_dir / "residual", self._agent)
        # A killed learner may have published more versions than it saved; the recorded steps know.
        self._version = max(self._version, counters["version"] if counters else 0)
        self._saved = self._agent.step
        self._pool = ThreadPoolExecutor(1, "sampler")
        self._metrics: dict[str, float] = {}
        self._window: tuple[float, int] = (time.monotonic(), self._agent.step)
        self._rate = 0.0

    def start(self) -> None:
        """Say where learning stands; a resumed learner sends its weights again."""
        if self._version:
            self._version += 1
            self._publish_weights()
        self._report(self._phase())

    def tick(self, now_ns: int) -> None:
        """Take in what was recorded, then do a few of the updates that are due."""
        added = 0
        for record in self._tail.poll():
            usable = self._usable(record)
            if usable is not None:
                self._add(usable)
                added += 1
        self._retract()
        count = min(self._due(), self._config.updates_per_tick)
        if count:
            self._update(count)
        if count or added:
            self._report(self._phase())
        else:
            time.sleep(0.002)  # nothing to do: leave the core to the control loop

    def close(self) -> None:
        """Keep what was learned."""
        self._pool.shutdown()
        if self._agent.step > self._saved or self._version == 0:
            self._version += 1
            self._save()

    def _usable(self, record: Record) -> Record | None:
        # A failed demonstration teaches nothing; the others get the frozen base's own actions.
        if not isinstance(record, Episode) or record.header.mode != "demo":
            return record
        if not record.success:
            return None
        base = self._base_actions.get(record.header.episode_id)
        if base is None:
            number = record.header.episode_id
            raise StoreError(f"demonstration {number} has no base actions; redo the bc stage")
        return replace(record, base_action=base)

    def _add(self, record: Record) -> None:
        self._buffer.add(_thinned(record, self._bases))
        self._fresh |= isinstance(record, EpisodeHeader)
        if isinstance(record, Episode):
            self._version = max(self._version, int(record.weights_version.max()))
        self._online_steps = self._buffer.counts.online

    def _retract(self) -> None:
        # Also between episodes: the one that was under way when a plan was vetoed went on being labelled.
        if self._vetoes is None or not (self._vetoes.changed() or self._fresh):
            return
        self._fresh = False
        count = self._buffer.retract(self._vetoes.versions) if self._vetoes.versions else 0
        if count:
            log.warning("retracted what vetoed plans said of %d observations", count)

    def _due(self) -> int:
        if self._online_steps < self._config.warmup_steps:
            return 0
        first = self._config.critic_only_updates
        return self._ratio.updates_due(self._online_steps, self._agent.step - first)

    def _update(self, count: int) -> None:
        r = self._config.residual
        rounds = -(-count // r.critics_per_actor)
        pending = self._pool.submit(self._sample)
        for left in reversed(range(rounds)):
            batches = pending.result()
            if left:  # drawn while this one is learned from, and never beyond this tick: nothing is random
                pending = self._pool.submit(self._sample)
            before = self._agent.step
            train_actor = before >= self._config.critic_only_updates
            self._metrics |= self._agent.update(batches, train_actor)
            if before // self._config.publish_every != self._agent.step // self._config.publish_every:
                self._version += 1
                self._publish_weights()
        if self._agent.step - self._saved >= self._config.checkpoint_every:
            self._save()

    def _sample(self) -> Batch:
        r = self._config.residual
        return self._buffer.sample(r.batch_size, r.expert_fraction, r.critics_per_actor)

    def _publish_weights(self) -> None:
        self.publish(topics.WEIGHTS, self._weights())

    def _weights(self) -> Weights:
        channels = {camera: basis._asdict() for camera, basis in self._bases.items()}
        params = {**self._agent.actor_params, "channels": channels}
        return pack(params, self._version, self._agent.step, self._fingerprint)

    def _save(self) -> None:
        self._saved = self._agent.step
        checkpoint.save(self._run_dir / "residual", self._agent, {"version": self._version})
        write_weights(self._run_dir / "weights", self._weights())

    def _allowed_steps(self) -> float:
        # How far a lockstep actor may go before it waits for the learner.
        done = self._agent.step - self._config.critic_only_updates
        if done < 0:
            return self._config.warmup_steps
        ahead = (done + self._config.slack_updates) / self._config.residual.utd_ratio
        return self._config.warmup_steps + ahead

    def _phase(self) -> str:
        if self._online_steps < self._config.warmup_steps:
            return "collect"
        return "critic" if self._agent.step < self._config.critic_only_updates else "actor"

    def _report(self, phase: str) -> None:
        now, step = time.monotonic(), self._agent.step
        if now - self._window[0] > 2.0:
            self._rate = (step - self._window[1]) / (now - self._window[0])
            self._window = (now, step)
        after = max(1, self._online_steps - self._config.warmup_steps)
        values = {
            "learner_step": step,
            "online_steps": self._online_steps,
            "allowed_steps": self._allowed_steps(),
            "updates_per_s": self._rate,
            "utd": max(0, step - self._config.critic_only_updates) / after,
            "weights_version": self._version,
            **self._metrics,
        }
        self.publish(topics.LEARNER_STATUS, Status(0, self.name, values, phase))


def _statistics(demos: list[Episode], spec: RigSpec) -> tuple[Array, Array]:
    names = list(spec.observation.state)
    columns = [np.concatenate([e.state[k].reshape(len(e.state[k]), -1) for e in demos]) for k in names]
    state = np.concatenate(columns, axis=1)
    # The floor keeps a value that hardly moves in demonstrations from exploding when it does move online.
    return state.mean(0), np.maximum(state.std(0), 0.01).astype(np.float32)


def _bases(demos: list[Episode], spec: RigSpec, channels: int) -> dict[str, ChannelBasis]:
    cameras = spec.observation.features
    return {c: fit_basis(np.concatenate([e.features[c] for e in demos]), channels) for c in cameras}


def _thinned(record: Record, bases: Bases) -> Record:
    if isinstance(record, Episode):
        return replace(record, features=project(record.features, bases))
    if isinstance(record, EpisodeHeader | LateLabels):
        return record
    seen = record.observation
    return replace(record, observation=replace(seen, features=project(seen.features, bases)))
