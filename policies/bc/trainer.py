"""Trains the base policy. Killed at any instant and started again, it ends with the same weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, cast

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
# Two Python threads of one torch thread each: torch's own two wait for each other by spinning, at ten times
# the cost when anything else runs on the machine.
_WORKERS_N = 2
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
    torch.set_num_threads(1)
    with ThreadPoolExecutor(_WORKERS_N) as workers:
        trainer = _Trainer(data, spec, config, workers)
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

    def __init__(self, data: Windows, spec: RigSpec, config: BcConfig, workers: ThreadPoolExecutor) -> None:
        self.step = 0
        self.loss = math.nan
        self._config = config
        self._workers = workers
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
        value, gradients = self._gradient(
            torch.Generator().manual_seed(self._config.seed * 1_000_003 + self.step)
        )
        for parameter, gradient in zip(self._parameters.values(), gradients, strict=True):
            parameter.grad = gradient
        self._adam.step()
        self.step += 1
        decay = 1 - (1 + self.step) ** -_EMA_POWER
        with torch.no_grad():
            torch._foreach_lerp_(list(self._average.values()), list(self._parameters.values()), 1 - decay)
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

    def _gradient(self, generator: torch.Generator) -> tuple[float, list[Tensor]]:
        """Loss and its gradient, each worker on its share of the batch, summed in a fixed order."""
        draws = self._draw(generator)
        total = draws.weight.sum()
        shares = [_Draws(*part) for part in zip(*(t.chunk(_WORKERS_N) for t in draws), strict=True)]
        results = list(self._workers.map(lambda share: self._share(share, total), shares))
        gradients = [torch.stack(parts).sum(dim=0) for parts in zip(*(g for _, g in results), strict=True)]
        return sum(loss for loss, _ in results), gradients

    def _draw(self, generator: torch.Generator) -> _Draws:
        size = self._config.batch_size
        rows = torch.randint(len(self._data.state), (size,), generator=generator)
        level = torch.randint(self._config.diffusion_steps, (size,), generator=generator)
        noise = torch.randn((size, *self._data.action.shape[1:]), generator=generator)
        return _Draws(rows, level, noise, self._data.weight[rows])

    def _share(self, draws: _Draws, total: Tensor) -> tuple[float, tuple[Tensor, ...]]:
        """Squared error of the predicted noise over recorded actions (Ho et al. 2020), and its gradient."""
        data, (rows, level, noise, weight) = self._data, draws
        noisy = self._schedule.add_noise(data.action[rows], noise, cast(torch.IntTensor, level))
        features = {camera: maps[rows] for camera, maps in data.features.items()}
        condition = self._network.condition(data.state[rows], features)
        error = self._network.denoiser(noisy, level, condition) - noise
        loss = (error.square().mean(dim=2) * weight).sum() / total
        return loss.item(), torch.autograd.grad(loss, list(self._parameters.values()))


class _Draws(NamedTuple):
    """What one step draws: rows of the data, noise levels, noise, and which actions count."""

    rows: Tensor  # [B]
    level: Tensor  # [B]
    noise: Tensor  # [B, H, A]
    weight: Tensor  # [B, H]


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
