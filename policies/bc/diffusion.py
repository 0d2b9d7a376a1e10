"""The noise schedule: how training adds noise, and how a plan is drawn from it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from policies.bc.config import BcConfig

if TYPE_CHECKING:
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler


def training_schedule(config: BcConfig) -> DDPMScheduler:
    """DDPM (Ho et al. 2020) with the squared-cosine schedule (Nichol and Dhariwal 2021)."""
    from diffusers.schedulers.scheduling_ddpm import DDPMScheduler  # two seconds: only when wanted

    return DDPMScheduler(**_settings(config))


def sampling_schedule(config: BcConfig) -> DDIMScheduler:
    """DDIM (Song et al. 2021): the same noise levels in fewer, deterministic steps."""
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler

    schedule = DDIMScheduler(**_settings(config))
    schedule.set_timesteps(config.sampling_steps)
    return schedule


class Sampler(nn.Module):
    """Noise [B, H, A] and condition [B, E] -> actions [B, H, A] in [-1, 1]."""

    def __init__(self, denoiser: nn.Module, config: BcConfig) -> None:
        super().__init__()
        self.denoiser = denoiser
        self._schedule = sampling_schedule(config)

    def forward(self, noise: Tensor, condition: Tensor) -> Tensor:
        x = noise
        for level in self._schedule.timesteps.tolist():
            predicted = self.denoiser(x, torch.full((len(x),), level), condition)
            x = self._schedule.step(predicted, level, x, eta=0.0, return_dict=False)[0]
        return x.clamp(-1, 1)


def compile_sampler(sampler: Sampler, noise: Tensor, condition: Tensor) -> torch.jit.ScriptModule:
    """All denoising steps as one frozen graph for inputs of these shapes."""
    sampler.eval().requires_grad_(False)
    with torch.inference_mode(), warnings.catch_warnings():
        # The schedule is a constant here, which is what the tracer warns of; torch 2.13 also retires jit.
        warnings.simplefilter("ignore")
        traced = torch.jit.freeze(torch.jit.trace(sampler, (noise, condition), check_trace=False))
        for _ in range(3):  # the executor profiles the first calls; do that before the robot moves
            traced(noise, condition)
    return traced


def _settings(config: BcConfig) -> dict[str, Any]:
    return {
        "num_train_timesteps": config.diffusion_steps,
        "beta_schedule": "squaredcos_cap_v2",
        "prediction_type": "epsilon",
        "clip_sample": True,
    }
