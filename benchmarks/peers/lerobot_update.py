"""One learner update of the `lerobot` package's SAC, in its own interpreter, as a worker.

The package is used as it is, with its defaults less torch.compile of the critics, which takes a minute and
saves nothing here (measured: 72 CPU ms a full update of 2 critics with it, 64 without). The steps and their
order (critic, clip, Adam, targets; then actor and temperature) are its learner's, less its search for NaN.
Its images pass through its default encoder, a frozen CNN of four layers that its learner runs anew in every
loss. The operations that end in `_cached` switch on the feature cache which the learner keeps for a
downloaded trunk: that is as fast as it can be.
Run by `benchmarks.peers.worker`.
"""

from __future__ import annotations

import math
from importlib import import_module
from importlib.metadata import version
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from benchmarks.peers import torchvision_stub
from benchmarks.peers.case import Case
from benchmarks.peers.worker import Contestant

STATE, ACTION = "observation.state", "action"
_BUFFER_ROWS = 2000


def new_policy(case: Case) -> Any:
    """Its SAC with the case's sizes and otherwise its defaults."""
    types = import_module("lerobot.configs.types")
    kinds, feature = types.FeatureType, types.PolicyFeature
    inputs = {STATE: feature(kinds.STATE, (case.state_size,))}
    inputs |= {name: feature(kinds.VISUAL, (3, case.image_size, case.image_size)) for name in images_of(case)}
    config = import_module("lerobot.policies.sac.configuration_sac").SACConfig(
        input_features=inputs,
        output_features={ACTION: feature(kinds.ACTION, (case.action_size,))},
        num_critics=case.critics,
        num_subsample_critics=2 if case.critics > 2 else None,
        utd_ratio=case.critic_updates,
        device="cpu",
        use_torch_compile=False,
    )
    return import_module("lerobot.policies.sac.modeling_sac").SACPolicy(config).train()


def images_of(case: Case) -> list[str]:
    """Names of the case's cameras in its observations."""
    return [f"observation.images.camera{i}" for i in range(case.cameras)]


def random_observation(case: Case, rows: int) -> dict[str, torch.Tensor]:
    """Noise of the right shapes, float32, as its buffer keeps it."""
    size = (rows, 3, case.image_size, case.image_size)
    return {STATE: torch.randn(rows, case.state_size)} | {k: torch.rand(size) for k in images_of(case)}


def random_batch(case: Case) -> dict[str, Any]:
    """One sampled batch."""
    return {
        "state": random_observation(case, case.batch),
        "next_state": random_observation(case, case.batch),
        ACTION: torch.rand(case.batch, case.action_size) * 2 - 1,
        "reward": torch.rand(case.batch),
        "done": torch.zeros(case.batch),
    }


class Learner:
    """Its policy, its optimisers and the batches they are updated on."""

    def __init__(self, case: Case) -> None:
        torch.manual_seed(0)
        self.policy = new_policy(case)
        config = self.policy.config
        actor = [p for n, p in self.policy.actor.named_parameters() if not n.startswith("encoder")]
        self._parameters: dict[str, list[Any]] = {
            "critic": list(self.policy.critic_ensemble.parameters()),
            "actor": list(self.policy.actor.parameters()),
            "temperature": [self.policy.log_alpha],
        }
        self._optimisers = {
            "critic": torch.optim.Adam(self._parameters["critic"], lr=config.critic_lr),
            "actor": torch.optim.Adam(actor, lr=config.actor_lr),
            "temperature": torch.optim.Adam([self.policy.log_alpha], lr=config.critic_lr),
        }
        self.batches = [random_batch(case) for _ in range(case.critic_updates)]
        self._seen = random_observation(case, 1)

    def critic(self, cached: bool = False) -> None:
        """K critic updates."""
        for batch in self.batches:
            self._critic_update(self._with_features(batch) if cached else batch)

    def full(self, cached: bool = False) -> None:
        """K critic updates; actor and temperature follow the last, before its targets do."""
        for k, batch in enumerate(self.batches):
            batch = self._with_features(batch) if cached else batch
            self._critic_update(batch, last=k == len(self.batches) - 1)

    def act(self) -> None:
        """One action from one observation."""
        with torch.no_grad():
            self.policy.select_action(self._seen)

    def _critic_update(self, batch: dict[str, Any], last: bool = False) -> None:
        self._minimise("critic", batch)
        if last:
            self._minimise("actor", batch)
            self._minimise("temperature", batch)
        self.policy.update_target_networks()

    def _minimise(self, model: str, batch: dict[str, Any]) -> None:
        loss = self.policy.forward(batch, model=model)[f"loss_{model}"]
        self._optimisers[model].zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters[model], self.policy.config.grad_clip_norm)
        self._optimisers[model].step()

    def _with_features(self, batch: dict[str, Any]) -> dict[str, Any]:
        encode = self.policy.actor.encoder.get_cached_image_features
        with torch.no_grad():
            now, then = encode(batch["state"]), encode(batch["next_state"])
        return {**batch, "observation_feature": now, "next_observation_feature": then}


def filled_buffer(case: Case) -> Any:
    """Its replay buffer, full, as its learner makes it: no second copy of an observation."""
    buffer = import_module("lerobot.rl.buffer").ReplayBuffer(
        _BUFFER_ROWS, "cpu", [STATE, *images_of(case)], optimize_memory=True
    )
    for _ in range(_BUFFER_ROWS):
        seen = random_observation(case, 1)
        buffer.add(seen, torch.zeros(1, case.action_size), 0.0, seen, False, False)
    return buffer


def contestant(case: Case) -> Contestant:
    """Its learner, warmed up."""
    torchvision_stub.install()
    if case.one_thread:
        torch.set_num_threads(1)
    learner, buffer = Learner(case), filled_buffer(case)
    operations = {"critic": learner.critic, "full": learner.full, "act": learner.act}
    if case.cameras:
        operations["critic_cached"] = lambda: learner.critic(cached=True)
        operations["full_cached"] = lambda: learner.full(cached=True)
    operations["sample"] = lambda: [buffer.sample(case.batch) for _ in range(case.critic_updates)]
    for name in ("full", "act", "sample"):  # warm up; its crop is compiled
        operations[name]()
    sent = learner.policy.actor.state_dict().values()
    about = {
        "versions": {"lerobot": version("lerobot"), "torch": torch.__version__},
        "parameters": sum(p.numel() for p in learner.policy.parameters()),
        "weights_bytes": sum(math.prod(p.shape) * p.element_size() for p in sent),
        "threads": torch.get_num_threads(),
    }
    return Contestant(about, operations)
