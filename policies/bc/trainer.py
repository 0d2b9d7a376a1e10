"""Trains the base policy. Killed at any instant and started again, it ends with the same weights."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from policies.bc.checkpoint import load_tensors, save_tensors
from policies.bc.config import BcConfig
from policies.bc.dataset import Windows, windows
from policies.bc.diffusion import training_schedule
from policies.bc.network import DiffusionNetwork
from policies.bc.policy import DiffusionPolicy, export
from policies.replay.episode import Episode
from robot.core.config import config_hash
from robot.core.errors import NudgeError
from robot.core.spec import RigSpec

CHECKPOINT = "checkpoint.safetensors"
_THREADS_N = int(os.environ.get("OMP_NUM_THREADS", 2))  # two help on an idle machine, one on a busy one
_EMA_POWER = 0.75  # of the averaging warm-up: decay 1 - (1 + step)^-power
_LOSS_MEMORY = 0.98  # of the reported loss

Progress = Callable[[int, int, float], None]  # step, total steps, smoothed loss


def train(
    episodes: Sequence[Episode],
    spec: RigSpec,
    config: BcConfig,
    out_dir: Path,
    on_progress: Progress | None = None,
) -> DiffusionPolicy:
    """Train on every step of ``episodes``, resume what ``out_dir`` holds, export there, load the result.

    Raises NudgeError without data or when ``out_dir`` holds a checkpoint of other data or settings, and
    SpecMismatch for episodes of another rig.
    """
    data = windows(episodes, spec, config.pred_horizon)
    identity = f"{spec.fingerprint()} {config_hash(config)} {data.fingerprint()}"
    with _threads(_THREADS_N):
        trainer = _Trainer(data, spec, config)
        trainer.restore(out_dir / CHECKPOINT, identity)
        while trainer.step < config.train_steps:
            trainer.advance()
            if trainer.step % config.checkpoint_every == 0 or trainer.step == config.train_steps:
                trainer.save(out_dir / CHECKPOINT, identity)
            if on_progress is not None:
                on_progress(trainer.step, config.train_steps, trainer.loss)
    export(out_dir, trainer.averaged(), spec, config, trainer.loss)
    return DiffusionPolicy.load(out_dir, spec)


class _Trainer:
    """Network, its moving average and the optimiser; random numbers come from (seed, step) alone."""

    def __init__(self, data: Windows, spec: RigSpec, config: BcConfig) -> None:
        self.step = 0
        self.loss = math.nan
        self._config = config
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self._network = DiffusionNetwork(spec, config)
        self._data = _Tensors(data)
        self._network.condition.mean.copy_(torch.from_numpy(data.normaliser()[0]))
        self._network.condition.std.copy_(torch.from_numpy(data.normaliser()[1]))
        self._parameters = dict(self._network.named_parameters())
        self._average = {k: v.detach().clone() for k, v in self._parameters.items()}
        self._adam = torch.optim.AdamW(
            self._parameters.values(), lr=0.0, weight_decay=config.weight_decay, fused=True
        )
        self._schedule = training_schedule(config)

    def advance(self) -> None:
        """One gradient step and one step of the moving average."""
        for group in self._adam.param_groups:
            group["lr"] = learning_rate(self.step, self._config)
        loss = self._denoising_loss(torch.Generator().manual_seed(self._config.seed * 1_000_003 + self.step))
        self._adam.zero_grad()
        loss.backward()
        self._adam.step()
        self.step += 1
        decay = 1 - (1 + self.step) ** -_EMA_POWER
        with torch.no_grad():
            torch._foreach_lerp_(list(self._average.values()), list(self._parameters.values()), 1 - decay)
        value = loss.item()
        self.loss = value if math.isnan(self.loss) else _LOSS_MEMORY * self.loss + (1 - _LOSS_MEMORY) * value

    def averaged(self) -> dict[str, Tensor]:
        """State dict of the network with the averaged weights: what is exported."""
        return {**self._network.state_dict(), **self._average}

    def save(self, path: Path, identity: str) -> None:
        """Write everything the next step depends on."""
        tensors = {f"model.{k}": v.detach() for k, v in self._parameters.items()}
        tensors |= {f"ema.{k}": v for k, v in self._average.items()}
        for name, parameter in self._parameters.items():
            tensors |= {f"adam.{key}.{name}": v for key, v in self._adam.state[parameter].items()}
        save_tensors(path, tensors, {"step": self.step, "loss": self.loss, "identity": identity})

    def restore(self, path: Path, identity: str) -> None:
        """Continue from ``path`` if it exists; refuse one that belongs to another training."""
        if not path.exists():
            return
        tensors, notes = load_tensors(path)
        if notes["identity"] != identity:
            raise NudgeError(
                f"{path} is of another training: rig, settings and data are {notes['identity']}, "
                f"want {identity}; choose another folder, or delete it to start over"
            )
        self.step, self.loss = int(notes["step"]), float(notes["loss"])
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(tensors[f"model.{name}"])
                self._average[name].copy_(tensors[f"ema.{name}"])
                keys = ("step", "exp_avg", "exp_avg_sq")
                self._adam.state[parameter] = {key: tensors[f"adam.{key}.{name}"] for key in keys}

    def _denoising_loss(self, generator: torch.Generator) -> Tensor:
        """Mean squared error of the predicted noise, over actions that were recorded (Ho et al. 2020)."""
        data, size = self._data, self._config.batch_size
        rows = torch.randint(len(data.state), (size,), generator=generator)
        level = torch.randint(self._config.diffusion_steps, (size,), generator=generator)
        action, weight = data.action[rows], data.weight[rows]
        noise = torch.randn(action.shape, generator=generator)
        noisy = self._schedule.add_noise(action, noise, level)
        features = {camera: maps[rows] for camera, maps in data.features.items()}
        condition = self._network.condition(data.state[rows], features)
        error = self._network.denoiser(noisy, level, condition) - noise
        return (error.square().mean(dim=2) * weight).sum() / weight.sum()


class _Tensors:
    """`Windows` as torch sees them, without a copy."""

    def __init__(self, data: Windows) -> None:
        self.state = torch.from_numpy(data.state)  # [N, S]
        self.features = {c: torch.from_numpy(f) for c, f in data.features.items()}  # [N, h, w, c]
        self.action = torch.from_numpy(data.action)  # [N, H, A]
        self.weight = torch.from_numpy(data.valid).float()  # [N, H]


def learning_rate(step: int, config: BcConfig) -> float:
    """Linear warm-up, then half a cosine down to zero."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    progress = (step - config.warmup_steps) / max(config.train_steps - config.warmup_steps, 1)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
