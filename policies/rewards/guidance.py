"""When a keypoint plan explores in the place of the policy, so that there are successes to learn from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from policies.rewards.keypoint_guide import KeypointGuide, Point
from policies.rewards.keypoints.plan import KeypointPlan
from robot.core.errors import ConfigError
from robot.core.se3 import Matrix
from robot.core.spec import ArmActionSpec
from robot.core.types import Array

_WINDOW = 20  # episodes of either kind that its worth is judged by
_TRIALS = 4  # episodes of its own that the policy is taken to fail, until it has had them
_LEAST = 0.1  # success rate of the episodes that it drives a part of


@dataclass(frozen=True)
class GuidanceConfig:
    """Which share of the online episodes a plan may drive a part of; 0: none."""

    share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigError([f"share: got {self.share}, want 0 to 1"], "guidance")


class Guidance:
    """Chooses the control steps at which the plan drives.

    In half of the episodes that it is given it drives the first steps, up to a random one (jump-start RL with
    random switching, Uchendu et al. 2022). In the others it takes over at a random step, as a person who
    corrects the policy would; neither so late that it could not finish. It is given none where that does not
    pay: a Thompson draw from the last episodes of either kind must say that its own succeed more often, and
    one in ten at least. So a wrong plan is soon left alone, and so is a right one once the policy is better.

    Args:
        config: how often.
        spec: how the plan's arm reads its action.
        limit_steps: of an episode.
        seed: of the session.
    """

    def __init__(self, config: GuidanceConfig, spec: ArmActionSpec, limit_steps: int, seed: int) -> None:
        self._share, self._spec, self._limit, self._seed = config.share, spec, limit_steps, seed
        self._with: deque[bool] = deque(maxlen=_WINDOW)
        self._without: deque[bool] = deque(maxlen=_WINDOW)
        self._guide: KeypointGuide | None = None
        self._stretch = range(0)
        self._step, self._due = 0, 0.0

    def begin(self, episode_id: int) -> None:
        """A new episode; which of its steps are the plan's is drawn here."""
        rng = np.random.default_rng((self._seed, episode_id))
        self._guide, self._step, self._stretch = None, 0, range(0)
        self._due += self._share
        if self._due >= 1.0:
            self._due -= 1.0
            pays = _drawn(self._with, rng) > max(_drawn(self._without, rng, self._doubt), _LEAST)
            self._stretch = self._drawn_stretch(rng) if pays else range(0)

    def end(self, success: bool) -> None:
        """The episode is over."""
        (self._without if self._guide is None else self._with).append(success)

    def act(self, plan: KeypointPlan | None, T_base_tcp: Matrix, object_m: Point | None) -> Array | None:
        """The action [size] of this control step, None where it is the policy's; asked once at each."""
        step, self._step = self._step, self._step + 1
        if plan is None or step not in self._stretch:
            return None
        if self._guide is None:
            self._guide = KeypointGuide(plan, self._spec)
        return self._guide.act(T_base_tcp, object_m)

    @property
    def _doubt(self) -> int:
        return max(0, _TRIALS - len(self._without))

    def _drawn_stretch(self, rng: np.random.Generator) -> range:
        until, since = int(rng.integers(self._limit // 4, self._limit)), int(rng.integers(self._limit // 2))
        return range(until) if rng.random() < 0.5 else range(since, self._limit)


def _drawn(seen: deque[bool], rng: np.random.Generator, doubt: int = 0) -> float:
    """A success rate that what was seen allows: of the posterior after a uniform prior and some failures."""
    return float(rng.beta(1 + sum(seen), 1 + doubt + len(seen) - sum(seen)))
