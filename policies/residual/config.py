"""Settings of the residual learner, and the named presets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class ResidualConfig:
    """One off-policy learner; actions and residuals are in normalised units, [-1, 1].

    Raises:
        ConfigError: lists every setting that is out of range.
    """

    hidden: tuple[int, ...] = (256, 256)
    critics: int = 10
    critic_subset: int = 2  # members, drawn anew each update, whose minimum is the target
    actor_critics: int = 2  # members, drawn anew each update, whose mean the actor climbs
    discount: float = 0.97
    n_step: int = 3
    target_ema: float = 0.005
    critic_lr: float = 3e-4
    actor_lr: float = 3e-4
    grad_clip: float = 1.0
    batch_size: int = 128  # updates a second count for more than their size on two cores
    expert_fraction: float = 0.5
    utd_ratio: float = 2.0
    residual_scale: float = 0.5  # bound of the residual
    exploration_std: float = 0.1
    target_noise_std: float = 0.1
    target_noise_clip: float = 0.2
    value_min: float = 0.0  # the range of a sparse success reward: no target may leave it
    value_max: float = 1.0
    bc_weight: float = 1.0
    bc_half_life: int = 10_000  # learner steps; 0 keeps the weight constant
    feature_channels: int = 32  # principal components kept of the trunk's channels
    embed_size: int = 64  # a camera's share of the observation embedding

    def __post_init__(self) -> None:
        problems = [*_out_of_range(self), *_inconsistent(self)]
        if problems:
            raise ConfigError(problems, "residual config")

    def bc_scale(self, learner_step: int) -> float:
        """The factor on ``bc_weight`` at a step, in (0, 1]."""
        return 0.5 ** (learner_step / self.bc_half_life) if self.bc_half_life else 1.0


_INF = math.inf
_TINY = 1e-12  # the least number that counts as positive
_RANGES: dict[str, tuple[float, float]] = {
    "critics": (1, 100),
    "critic_subset": (1, 100),
    "actor_critics": (1, 100),
    "discount": (_TINY, 1),
    "n_step": (1, 100),
    "target_ema": (_TINY, 1),
    "critic_lr": (_TINY, 1),
    "actor_lr": (_TINY, 1),
    "grad_clip": (_TINY, _INF),
    "batch_size": (2, 65536),
    "expert_fraction": (0, 1),
    "utd_ratio": (_TINY, 100),
    "residual_scale": (_TINY, 1),
    "exploration_std": (0, 1),
    "target_noise_std": (0, 1),
    "target_noise_clip": (0, 1),
    "bc_weight": (0, _INF),
    "bc_half_life": (0, _INF),
    "feature_channels": (1, 4096),
    "embed_size": (1, 4096),
}


def _out_of_range(config: ResidualConfig) -> list[str]:
    problems: list[str] = []
    for name, (low, high) in _RANGES.items():
        value = getattr(config, name)
        if not low <= value <= high:
            problems.append(f"{name}: got {value}, want {low:g} to {high:g}")
    return problems


def _inconsistent(config: ResidualConfig) -> list[str]:
    problems: list[str] = []
    if not config.hidden or min(config.hidden) < 1:
        problems.append(f"hidden: got {config.hidden}, want one or more positive layer widths")
    for name in ("critic_subset", "actor_critics"):
        if getattr(config, name) > config.critics:
            problems.append(f"{name}: got {getattr(config, name)}, want at most critics = {config.critics}")
    if not config.value_min < config.value_max:
        problems.append(f"value_min: got {config.value_min}, want below value_max = {config.value_max}")
    return problems


# Last, because a config checks itself with the functions above.
PRESETS: dict[str, ResidualConfig] = {
    "residual": ResidualConfig(),
    # The control arm: no base (zeros), so the residual is the whole action. HIL-SERL's core.
    "rlpd": ResidualConfig(residual_scale=1.0, bc_weight=0.0),
}
