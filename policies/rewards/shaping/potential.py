"""What a state is worth to the shaping: one number from progress, distance and confidence."""

from __future__ import annotations

import math
from dataclasses import dataclass

from policies.rewards.shaping.object_progress import ObjectProgress
from robot.core.errors import ConfigError


@dataclass(frozen=True)
class PotentialConfig:
    """How Phi is made of its parts."""

    weight: float = 0.5  # the largest Phi; a success pays 1
    approach_share: float = 0.3  # of Phi, for a gripper at the grasp point; the rest is the object's way
    approach_m: float = 0.10  # distance of gripper and grasp point that leaves 1/e of the approach's share
    off_path_m: float = 0.05  # distance of object and path that leaves 1/e of what its progress is worth

    def __post_init__(self) -> None:
        problems = _problems(self)
        if problems:
            raise ConfigError(problems, "potential")


def potential(progress: ObjectProgress, length_m: float, confidence: float, config: PotentialConfig) -> float:
    """Phi in [0, weight] of one state, to be computed once, at its own step, and stored with it.

    Weight and confidence are inside Phi, where they cannot change what is optimal; as factors of the
    difference they could. The approach's share is kept once the object is under way only while the gripper
    stays with it.

    Args:
        progress: of this state.
        length_m: of the whole path.
        confidence: of the plan and the tracker, in [0, 1].
        config: weights.

    Raises:
        ConfigError: a factor outside [0, 1], or distances that are not finite.
    """
    share = min(progress.path.arc_m / length_m, 1.0) * _near(progress.path.distance_m, config.off_path_m)
    approach = _near(progress.gripper_distance_m, config.approach_m)
    mixed = config.approach_share * approach + (1.0 - config.approach_share) * share
    return config.weight * _unit("confidence", confidence) * _unit("progress", mixed)


def _near(distance_m: float, scale_m: float) -> float:
    return math.exp(-distance_m / scale_m)


def _unit(name: str, value: float) -> float:
    if not 0.0 <= value <= 1.0:  # NaN fails too
        raise ConfigError([f"{name}: got {value}, want 0 to 1"], "potential")
    return value


def _problems(config: PotentialConfig) -> list[str]:
    positive = ("weight", "approach_m", "off_path_m")
    problems = [
        f"{name}: got {getattr(config, name)}, want more than 0"
        for name in positive
        if not (math.isfinite(getattr(config, name)) and getattr(config, name) > 0)
    ]
    if not 0.0 <= config.approach_share < 1.0:
        problems.append(f"approach_share: got {config.approach_share}, want at least 0 and below 1")
    return problems
