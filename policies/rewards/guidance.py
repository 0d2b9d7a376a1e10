"""When a keypoint plan explores in the place of the policy, so that there are successes to learn from."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from policies.rewards.keypoint_guide import KeypointGuide, Point
from policies.rewards.keypoints.plan import KeypointPlan
from policies.senses import Sensed
from robot.core.errors import ConfigError
from robot.core.spec import ArmActionSpec
from robot.core.types import Array

_WINDOW = 20  # episodes of either kind that its worth is judged by
_TRIALS = 4  # episodes of its own that the policy is taken to fail, until it has had them
_MOST = 0.9  # the rest shows what the policy can do alone
_LEAST = 0.1  # success rate of the episodes that it drives a part of


@dataclass(frozen=True)
class GuidanceConfig:
    """Which share of the online episodes a plan may drive a part of; 0: none."""

    share: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= _MOST:
            raise ConfigError([f"share: got {self.share}, want 0 to {_MOST}"], "guidance")


class Guidance:
    """Chooses the control steps at which the plan drives.

    In half of the episodes that it is given it drives the first steps, up to a random one (jump-start RL with
    random switching, Uchendu et al. 2022). In the others it takes over at a random step, as a person who
    corrects the policy would; neither so late that it could not finish. It is given none where that does not
    pay: a Thompson draw from the last episodes of either kind must say that its own succeed more often, and
    one in ten at least. So a wrong plan is soon left alone, and so is a right one once the policy is better.

    What it knows of either goes with its process: a restarted one begins anew.

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
        self._step, self._due = 0, 0.0
        self._start, self._left = limit_steps, 0  # where it may begin to drive, and for how many steps

    def begin(self, episode_id: int) -> None:
        """A new episode; when the plan may drive in it is drawn here."""
        rng = np.random.default_rng((self._seed, episode_id))
        self._guide, self._step, self._start, self._left = None, 0, self._limit, 0
        self._due += self._share
        if self._due >= 1.0:
            self._due -= 1.0
            if _drawn(self._with, rng) > max(_drawn(self._without, rng, self._doubt), _LEAST):
                self._draw_stretch(rng)

    def end(self, success: bool) -> None:
        """How the episode went that ends here."""
        (self._without if self._guide is None else self._with).append(success)

    def act(self, plan: KeypointPlan | None, sensed: Sensed, object_m: Point | None) -> Array | None:
        """The action [size] of this control step, None where it is the policy's; asked once at each.

        Args:
            plan: None while there is none to go by.
            sensed: where the arm is.
            object_m: [3] in base, where the marked point is; None while it is not seen.
        """
        step, self._step = self._step, self._step + 1
        if plan is None or step < self._start or not self._left:
            return None
        arm = sensed.states[plan.arm]
        if self._guide is None:
            if step > self._limit // 2:  # it came too late to finish
                self._left = 0
                return None
            closed = object_m is not None and float(sensed.executed.value[-1]) < 0
            self._guide = KeypointGuide(plan, self._spec, closed)
        self._left -= 1
        return self._guide.act(arm.T_base_tcp, object_m, arm.gripper_width)

    @property
    def _doubt(self) -> int:
        return max(0, _TRIALS - len(self._without))

    def _draw_stretch(self, rng: np.random.Generator) -> None:
        first, since = rng.random() < 0.5, int(rng.integers(max(1, self._limit // 2)))
        steps = int(rng.integers(self._limit // 4, self._limit))
        self._start, self._left = (0, steps) if first else (since, self._limit)


def _drawn(seen: deque[bool], rng: np.random.Generator, doubt: int = 0) -> float:
    """A success rate that what was seen allows: of the posterior after a uniform prior and some failures."""
    return float(rng.beta(1 + sum(seen), 1 + doubt + len(seen) - sum(seen)))
