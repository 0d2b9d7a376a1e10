"""Settings of the off-policy learner, and the named cores."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from robot.core.errors import ConfigError


@dataclass(frozen=True)
class ResidualConfig:
    """One off-policy learner; actions and residuals are in normalised units, [-1, 1].

    Raises:
        ConfigError: lists every setting that is out of range.
    """

    # Networks
    hidden: tuple[int, ...] = (256, 256)
    activation: Literal["relu", "tanh"] = "relu"
    norm: Literal["layer", "hyperspherical"] = "layer"  # of the critics; see blocks.py
    embedding: Literal["linear", "spatial"] = "linear"  # from feature maps; see observation.py
    embed_size: int = 32  # a camera's share of the observation embedding
    state_size: int = 0  # of the state's own embedding; 0 passes the state on as it is
    feature_channels: int = 16  # principal components kept of the trunk's channels
    compute_dtype: Literal["float32", "bfloat16"] = "float32"  # of the layers; parameters stay float32
    # Critics
    critics: int = 10
    critic_subset: int = 2  # members, drawn anew each update, whose minimum is the target
    actor_critics: int = 2  # members, drawn anew each update, whose mean (or minimum) the actor climbs
    head: Literal["scalar", "categorical"] = "scalar"  # see value_head.py
    bins: int = 101  # of a categorical head
    value_min: float = 0.0  # the range of a sparse success reward: no target may leave it
    value_max: float = 1.0
    potential: float = 0.0  # the largest Phi of a shaped reward, which takes it from its state's values
    discount: float = 0.97
    n_step: int = 3  # of a chunk: as many
    takeover_fails: bool = False  # the policy's steps before a person took over earn nothing
    target_ema: float = 0.005
    self_prediction: float = 0.0  # weight of predicting the embedding n steps on; see self_prediction.py
    # Actor
    policy: Literal["deterministic", "gaussian"] = "deterministic"  # TD3 or SAC
    gripper: Literal["continuous", "discrete"] = "continuous"  # discrete: a critic of open, stay, close
    residual_scale: float = 1.0  # bound of the residual; without a base it is the action
    chunk: int = 1  # control steps decided, and rated, at once; see chunks.py
    # Largest change of an action's value from one control step to the next, in normalised units; 2 limits
    # nothing. A discrete gripper is free of it. See reachable.py.
    action_rate: float = 2.0
    exploration_std: float = 0.1  # deterministic only; a gaussian explores by its own
    target_noise_std: float = 0.1
    target_noise_clip: float = 0.2
    temperature: float = 0.01  # gaussian only: of the entropy term at first
    bc_weight: float = 1.0
    bc_filter: bool = True  # only where the critics rate the action shown above the actor's
    # Updates
    critic_lr: float = 3e-4
    actor_lr: float = 3e-4
    grad_clip: float = 1.0
    batch_size: int = 128  # updates a second count for more than their size on two cores
    expert_fraction: float = 0.5
    utd_ratio: float = 8.0  # critic updates an online step
    critics_per_actor: int = 2  # critic updates before each actor update
    actor_average: int = 16_000  # updates that the policy averages where it does not explore; 1: none

    def __post_init__(self) -> None:
        problems = [*_out_of_range(self), *_inconsistent(self)]
        if problems:
            raise ConfigError(problems, "residual config")

    @property
    def limits_rate(self) -> bool:
        """Whether an action must stay near the one executed before it."""
        return self.action_rate < _FREE_RATE

    @property
    def averages(self) -> bool:
        """Whether the average of the latest actors acts where nothing is explored."""
        return self.actor_average > 1


_INF = math.inf
_TINY = 1e-12  # the least number that counts as positive
_FREE_RATE = 2.0  # from one end of [-1, 1] to the other
_RANGES: dict[str, tuple[float, float]] = {
    "embed_size": (1, 4096),
    "state_size": (0, 4096),
    "feature_channels": (1, 4096),
    "critics": (1, 100),
    "critic_subset": (1, 100),
    "actor_critics": (1, 100),
    "bins": (9, 10_001),
    "potential": (0, _INF),
    "discount": (_TINY, 1),
    "n_step": (1, 100),
    "target_ema": (_TINY, 1),
    "self_prediction": (0, _INF),
    "residual_scale": (_TINY, 2),
    "chunk": (1, 100),
    "action_rate": (1e-3, _FREE_RATE),
    "exploration_std": (0, 1),
    "target_noise_std": (0, 1),
    "target_noise_clip": (0, 1),
    "temperature": (_TINY, _INF),
    "bc_weight": (0, _INF),
    "critic_lr": (_TINY, 1),
    "actor_lr": (_TINY, 1),
    "grad_clip": (_TINY, _INF),
    "batch_size": (2, 65536),
    "expert_fraction": (0, 1),
    "utd_ratio": (_TINY, 100),
    "critics_per_actor": (1, 100),
    "actor_average": (1, 100_000),
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
    if config.norm == "hyperspherical" and len(set(config.hidden)) > 1:
        problems.append(f"hidden: got {config.hidden}, a hyperspherical network has one width for all blocks")
    for name in ("critic_subset", "actor_critics"):
        if getattr(config, name) > config.critics:
            problems.append(f"{name}: got {getattr(config, name)}, want at most critics = {config.critics}")
    if not config.value_min < config.value_max:
        problems.append(f"value_min: got {config.value_min}, want below value_max = {config.value_max}")
    return problems + (_chunk_problems(config) if config.chunk > 1 else [])


def _chunk_problems(config: ResidualConfig) -> list[str]:
    problems: list[str] = []
    if config.n_step != config.chunk:
        want = f"want {config.chunk}: the target of a chunk spans its steps; set n_step to chunk"
        problems.append(f"n_step: got {config.n_step}, {want}")
    if config.limits_rate:
        want = f"want {_FREE_RATE:g} with chunk = {config.chunk}: only single steps can be limited"
        problems.append(f"action_rate: got {config.action_rate}, {want}")
    if config.gripper == "discrete":
        problems.append(f"gripper: got discrete, want continuous with chunk = {config.chunk}")
    return problems


# Last, because a config checks itself with the functions above.
PRESETS: dict[str, ResidualConfig] = {
    # Without a base (zeros), so that the residual is the whole action: RLPD (Ball et al., 2023). Beside it,
    # imitation of persons where the critics rate what they did above the actor.
    "rlpd": ResidualConfig(),
    "residual": ResidualConfig(residual_scale=0.5),
    # HIL-SERL (Luo et al., 2024, code of 2025-10): SAC, no entropy in the backup, two critics of their own in
    # every layer (its shared last layer is a defect), all the trunk's channels, no base. Not done: the shift
    # of the image by up to 4 pixels, since frames are encoded once, and the grasp critic's own penalty of
    # 0.02 a toggle, since how wide open is open differs from gripper to gripper.
    "hilserl": ResidualConfig(
        activation="tanh",
        embedding="spatial",
        embed_size=256,
        state_size=64,
        feature_channels=112,
        critics=2,
        n_step=1,
        policy="gaussian",
        gripper="discrete",
        bc_weight=0.0,
        grad_clip=_INF,
        batch_size=256,
        utd_ratio=2.0,
        actor_average=1,
    ),
    # SimbaV2's core (Lee et al., 2025) under the same residual, of a width that two cores can train.
    "robust": ResidualConfig(
        residual_scale=0.5, norm="hyperspherical", head="categorical", critics=2, hidden=(128, 128)
    ),
}
