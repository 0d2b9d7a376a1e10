"""Settings of the diffusion base policy."""

from __future__ import annotations

from dataclasses import dataclass

from robot.core.errors import ConfigError

GROUPS = 8  # of the group norms; widths are multiples of it


@dataclass(frozen=True)
class BcConfig:
    """Defaults train one task on two CPU cores in about the time it takes to reset the cell.

    Horizons count control steps. The policy sees one observation, the newest.
    """

    pred_horizon: int = 8  # actions planned at once
    action_horizon: int = 4  # of them executed before planning again
    widths: tuple[int, ...] = (64, 128)  # channels of the U-Net's levels; each level but the last halves time
    kernel_size: int = 5
    diffusion_steps: int = 100  # noise levels in training (DDPM, squared cosine)
    sampling_steps: int = 8  # denoising steps at run time (DDIM, eta 0)
    train_steps: int = 1500
    batch_size: int = 64
    learning_rate: float = 3e-4
    warmup_steps: int = 100
    weight_decay: float = 1e-6
    checkpoint_every: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        problems = [*self._counts(), *self._shapes(), *self._optimiser()]
        if problems:
            raise ConfigError(problems, "bc config")

    def _counts(self) -> list[str]:
        names = ("pred_horizon", "action_horizon", "diffusion_steps", "sampling_steps", "train_steps")
        names += ("batch_size", "checkpoint_every")
        return [f"{n}: got {getattr(self, n)}, want at least 1" for n in names if getattr(self, n) < 1]

    def _shapes(self) -> list[str]:
        problems: list[str] = []
        if not self.widths or any(w < 1 or w % GROUPS for w in self.widths):
            problems.append(f"widths: got {self.widths}, want one or more multiples of {GROUPS}")
        halvings = 2 ** (max(len(self.widths), 1) - 1)
        if self.pred_horizon % halvings:
            problems.append(
                f"pred_horizon: got {self.pred_horizon}, want a multiple of {halvings} for {self.widths}"
            )
        if self.action_horizon > self.pred_horizon:
            problems.append(f"action_horizon: got {self.action_horizon}, want at most {self.pred_horizon}")
        if self.sampling_steps > self.diffusion_steps:
            problems.append(f"sampling_steps: got {self.sampling_steps}, want at most {self.diffusion_steps}")
        if self.kernel_size < 1 or self.kernel_size % 2 == 0:
            problems.append(f"kernel_size: got {self.kernel_size}, want an odd number")
        return problems

    def _optimiser(self) -> list[str]:
        problems: list[str] = []
        if self.learning_rate <= 0:
            problems.append(f"learning_rate: got {self.learning_rate}, want more than 0")
        if self.weight_decay < 0:
            problems.append(f"weight_decay: got {self.weight_decay}, want 0 or more")
        if not 0 <= self.warmup_steps <= self.train_steps:
            problems.append(f"warmup_steps: got {self.warmup_steps}, want 0 to {self.train_steps}")
        return problems
