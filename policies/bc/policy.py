"""The trained base policy: loads, refuses another rig's weights, plans."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from policies.bc.checkpoint import load_tensors, save_tensors, write_atomic
from policies.bc.config import BcConfig
from policies.bc.diffusion import Sampler, compile_sampler
from policies.bc.network import DiffusionNetwork
from robot.core.config import from_dict, to_dict
from robot.core.errors import NudgeError, SpecMismatch
from robot.core.spec import RigSpec
from robot.core.types import Array, Observation

WEIGHTS = "policy.safetensors"
CARD = "policy.json"
VERSION = 1


class DiffusionPolicy:
    """A ChunkPolicy: about 10 ms a plan, and stateless, so drop and restart cost nothing.

    Sets torch to one thread in this process: a plan is too small to share, and a second thread only spins.
    """

    def __init__(self, network: DiffusionNetwork, spec: RigSpec, config: BcConfig, fingerprint: str) -> None:
        torch.set_num_threads(1)
        self.config = config
        self.fingerprint = fingerprint
        self._spec = spec
        self._condition = network.condition.eval().requires_grad_(False)
        noise = torch.zeros(1, config.pred_horizon, spec.action.size)
        sampler = Sampler(network.denoiser, config)
        self._sample = compile_sampler(sampler, noise, torch.zeros(1, network.condition.size))

    @classmethod
    def load(cls, folder: Path, spec: RigSpec) -> DiffusionPolicy:
        """Read what `export` wrote. NudgeError: missing or damaged; SpecMismatch: trained for another rig."""
        card = _read_card(folder)
        if card["spec_fingerprint"] != spec.fingerprint():
            raise SpecMismatch(
                f"base policy in {folder} was trained for rig {card['spec_fingerprint']}, this rig is "
                f"{spec.fingerprint()}; train it again for this rig, or start the rig it was trained for"
            )
        config = from_dict(BcConfig, card["config"], f"{folder / CARD}")
        network = DiffusionNetwork(spec, config)
        network.load_state_dict(load_tensors(folder / WEIGHTS)[0])
        return cls(network, spec, config, _digest(folder / CARD))

    def plan(self, observation: Observation, seed: int) -> Array:
        """Actions [H, A] in [-1, 1]; the same observation and seed give the same plan to the bit."""
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(1, self.config.pred_horizon, self._spec.action.size, generator=generator)
        with torch.inference_mode():
            return self._sample(noise, self._conditions(observation))[0].numpy()

    def _conditions(self, observation: Observation) -> Tensor:
        spec = self._spec.observation
        state = torch.from_numpy(spec.flatten_state(observation))[None]
        # Copies, since decoded messages are read-only arrays, which torch warns about.
        features = {c: torch.from_numpy(observation.features[c].copy())[None] for c in spec.features}
        return self._condition(state, features)


def export(folder: Path, weights: dict[str, Tensor], spec: RigSpec, config: BcConfig, loss: float) -> None:
    """Write weights and card; the card last, with the weights' digest, so a torn export is noticed."""
    save_tensors(folder / WEIGHTS, weights, {"version": VERSION})
    card = {
        "version": VERSION,
        "spec_fingerprint": spec.fingerprint(),
        "weights_sha256": _digest(folder / WEIGHTS),
        "obs_horizon": 1,
        "pred_horizon": config.pred_horizon,
        "action_horizon": config.action_horizon,
        "training_loss": loss,
        "config": to_dict(config),
    }
    write_atomic(folder / CARD, json.dumps(card, indent=2).encode())


def _read_card(folder: Path) -> dict[str, Any]:
    for name in (WEIGHTS, CARD):
        if not (folder / name).is_file():
            raise NudgeError(f"no base policy in {folder}: {name} is missing; train one with `nudge bc`")
    card = json.loads((folder / CARD).read_text())
    if card.get("version") != VERSION:
        raise NudgeError(f"{folder / CARD} has version {card.get('version')}, want {VERSION}; train it again")
    if card["weights_sha256"] != _digest(folder / WEIGHTS):
        raise NudgeError(
            f"{folder / WEIGHTS} is not the file {CARD} describes; copy both again, or train again"
        )
    return card


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
