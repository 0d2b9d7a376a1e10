"""1-D U-Net over the action sequence, conditioned by FiLM (Chi et al. 2023, Diffusion Policy)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from policies.bc.config import GROUPS

_TIME = 64  # size of the embedding of the noise level


class UNet(nn.Module):
    """Noisy actions [B, H, A], noise level [B], condition [B, E] -> predicted noise [B, H, A]."""

    def __init__(self, action_size: int, cond_size: int, widths: tuple[int, ...], kernel: int) -> None:
        super().__init__()
        film = _TIME + cond_size
        self.time = nn.Sequential(nn.Linear(_TIME, 2 * _TIME), nn.SiLU(), nn.Linear(2 * _TIME, _TIME))
        pairs = list(zip((action_size, *widths), widths, strict=False))
        self.down = nn.ModuleList(_Level(a, b, film, kernel) for a, b in pairs)
        self.shrink = nn.ModuleList(nn.Conv1d(w, w, 3, stride=2, padding=1) for w in widths[:-1])
        self.middle = _Block(widths[-1], widths[-1], film, kernel)
        self.grow = nn.ModuleList(nn.ConvTranspose1d(b, a, 4, stride=2, padding=1) for a, b in pairs[1:])
        self.up = nn.ModuleList(_Level(2 * w, w, film, kernel) for w in widths[:-1])
        self.out = nn.Sequential(_conv(widths[0], widths[0], kernel), nn.Conv1d(widths[0], action_size, 1))

    def forward(self, noisy: Tensor, level: Tensor, condition: Tensor) -> Tensor:
        film = nn.functional.silu(torch.cat([self.time(_sinusoids(level)), condition], dim=1))
        x = self.down[0](noisy.transpose(1, 2), film)
        skips: list[Tensor] = []
        for shrink, down in zip(self.shrink, self.down[1:], strict=True):
            skips.append(x)
            x = down(shrink(x), film)
        x = self.middle(x, film)
        for grow, up in reversed(list(zip(self.grow, self.up, strict=True))):
            x = up(torch.cat([grow(x), skips.pop()], dim=1), film)
        return self.out(x).transpose(1, 2)


class _Level(nn.Module):
    """Two residual blocks at one time resolution."""

    def __init__(self, inputs: int, outputs: int, film: int, kernel: int) -> None:
        super().__init__()
        self.first = _Block(inputs, outputs, film, kernel)
        self.second = _Block(outputs, outputs, film, kernel)

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        return self.second(self.first(x, film), film)


class _Block(nn.Module):
    """Convolution, scale and shift by the condition, convolution, residual."""

    def __init__(self, inputs: int, outputs: int, film: int, kernel: int) -> None:
        super().__init__()
        self.before = _conv(inputs, outputs, kernel)
        self.film = nn.Linear(film, 2 * outputs)
        self.after = _conv(outputs, outputs, kernel)
        self.skip = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        scale, shift = self.film(film)[:, :, None].chunk(2, dim=1)
        return self.after(self.before(x) * (1 + scale) + shift) + self.skip(x)


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    conv = nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2)
    return nn.Sequential(conv, nn.GroupNorm(GROUPS, outputs), nn.SiLU())


def _sinusoids(level: Tensor) -> Tensor:
    rate = torch.exp(torch.arange(_TIME // 2, device=level.device) * (-math.log(10_000) / (_TIME // 2 - 1)))
    angle = level.float()[:, None] * rate
    return torch.cat([angle.sin(), angle.cos()], dim=1)  # [B, _TIME]
