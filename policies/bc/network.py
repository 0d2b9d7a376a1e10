"""Noise prediction: what conditions it (state and frozen features), and the two together."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from policies.bc.config import BcConfig
from policies.bc.unet import UNet
from robot.core.spec import ObservationSpec, RigSpec

EMBED = 64  # values per camera, and for the state
_KERNELS = 8  # spatial kernels per feature channel
_STATE_CLIP = 5.0  # standard deviations


class SpatialEmbedding(nn.Module):
    """Learned spatial weights per channel, [B, h, w, c] -> [B, EMBED].

    Keeps where things are, which pooling forgets (spatial learned embeddings, as in SERL, Luo et al. 2024).
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        h, w, c = shape
        self.kernel = nn.Parameter(torch.randn(c, h * w, _KERNELS) * (h * w) ** -0.5)
        self.project = nn.Sequential(nn.Linear(c * _KERNELS, EMBED), nn.LayerNorm(EMBED))

    def forward(self, features: Tensor) -> Tensor:
        # One contiguous copy: bmm on a permuted view copies each of its c matrices, five times slower.
        x = features.flatten(1, 2).permute(2, 0, 1).float().contiguous()  # [c, B, h*w]
        x = torch.bmm(x, self.kernel)  # [c, B, kernels]
        return self.project(x.permute(1, 0, 2).flatten(1))


class Condition(nn.Module):
    """State [B, S] and each camera's features [B, h, w, c] -> conditioning vector [B, E]."""

    def __init__(self, spec: ObservationSpec) -> None:
        super().__init__()
        self.cameras = tuple(spec.features)
        self.size = EMBED * (1 + len(self.cameras))
        self.heads = nn.ModuleList(SpatialEmbedding(spec.features[c]) for c in self.cameras)
        self.state = nn.Sequential(
            nn.Linear(spec.state_size, EMBED), nn.Mish(), nn.Linear(EMBED, EMBED), nn.LayerNorm(EMBED)
        )
        self.mean = nn.Buffer(torch.zeros(spec.state_size))
        self.std = nn.Buffer(torch.ones(spec.state_size))

    def forward(self, state: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        scaled = ((state - self.mean) / self.std).clamp(-_STATE_CLIP, _STATE_CLIP)
        heads = zip(self.cameras, self.heads, strict=True)
        return torch.cat([self.state(scaled), *(head(features[c]) for c, head in heads)], dim=1)


class DiffusionNetwork(nn.Module):
    """Condition and denoiser: all that is trained, with the state normaliser as buffers."""

    def __init__(self, spec: RigSpec, config: BcConfig) -> None:
        super().__init__()
        self.condition = Condition(spec.observation)
        self.denoiser = UNet(spec.action.size, self.condition.size, config.widths, config.kernel_size)
