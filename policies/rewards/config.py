"""Which reward a session learns from, beside the sparse one that it always has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from policies.rewards.guidance import GuidanceConfig
from policies.rewards.shaping.alarms import AlarmConfig
from policies.rewards.shaping.object_progress import ObjectProgressConfig
from policies.rewards.shaping.potential import PotentialConfig
from policies.rewards.vlm.config import VlmConfig
from robot.core.errors import ConfigError

Rule = Literal["sparse", "shaped", "kagi"]


@dataclass(frozen=True)
class RewardConfig:
    """``shaped`` adds a potential along a keypoint plan, ``kagi`` pays KAGI's own dense reward: see its trap.

    Both ask the model at ``vlm`` for a plan at the start of every episode, and never wait for it.
    """

    rule: Rule = "sparse"
    vlm: VlmConfig | None = None  # None only for the sparse rule
    top_camera: str = "wrist"  # looks down at the scene when an episode starts
    side_camera: str = "front"
    table_z_m: float = 0.0  # in the arm's base frame
    heights_m: tuple[float, ...] = (0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.14, 0.16)  # above the table
    look_ahead_m: float = 0.03  # of path that an object can pass in a control step
    kagi_reach_m: float = 0.2  # distance to the next waypoint at which KAGI's rule pays nothing for it
    kagi_highest: float = 0.5  # what it pays a step at the last waypoint; a success pays 1
    judge: str | None = None  # a success classifier's folder: its word counts, in place of the cell's judge
    potential: PotentialConfig = field(default_factory=PotentialConfig)
    progress: ObjectProgressConfig = field(default_factory=ObjectProgressConfig)
    alarms: AlarmConfig = field(default_factory=AlarmConfig)  # of the shaped rule: then it pays nothing more
    guidance: GuidanceConfig = field(default_factory=GuidanceConfig)  # of the shaped rule: it may drive, too

    def __post_init__(self) -> None:
        positive = ("look_ahead_m", "kagi_reach_m")
        problems = [
            f"{n}: got {getattr(self, n)} m, want more than 0" for n in positive if not getattr(self, n) > 0
        ]
        if not 0 < self.kagi_highest < 1:
            problems.append(f"kagi_highest: got {self.kagi_highest}, want above 0 and below a success's 1")
        if self.rule != "sparse" and self.vlm is None:
            problems.append(f"vlm: got none, the rule {self.rule!r} wants a server's base_url and its model")
        if self.guidance.share and self.rule != "shaped":
            got = f"got share {self.guidance.share} with the rule {self.rule!r}"
            problems.append(f"guidance: {got}, want 'shaped'")
        if list(self.heights_m) != sorted(set(self.heights_m)) or min(self.heights_m, default=-1) < 0:
            problems.append(f"heights_m: got {self.heights_m}, want some from 0 m up, each above the last")
        if problems:
            raise ConfigError(problems, "reward")

    @property
    def cameras(self) -> tuple[str, ...]:
        """That a plan is made from."""
        return () if self.rule == "sparse" else (self.top_camera, self.side_camera)
