"""One recorded episode as arrays: what the store writes and everything else reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot.core.types import Array, Arrays, EpisodeHeader, Outcome


@dataclass(frozen=True)
class Episode:
    """T executed steps and the T + 1 observations around them, each stored once.

    ``observation[t], action[t] -> reward[t], observation[t + 1]``.
    """

    header: EpisodeHeader
    outcome: Outcome
    stamp_ns: np.ndarray  # [T + 1] int64
    state: Arrays  # name -> [T + 1, n] float32
    images: Arrays  # name -> [T + 1, H, W, 3] uint8
    features: Arrays  # name -> [T + 1, h, w, c] float16
    base_action: Array  # [T + 1, A]
    action: Array  # [T, A] executed
    proposed_action: Array  # [T, A]
    reward: Array  # [T]
    discount: Array  # [T] 0 only where terminated
    terminated: np.ndarray  # [T] bool
    truncated: np.ndarray  # [T] bool
    source: np.ndarray  # [T] int8, robot.core.types.Source
    weights_version: np.ndarray  # [T] int64
    safety: np.ndarray  # [T] int32, robot.safety.Reason flags of what the safety layer changed
    dense: Array  # [T + 1] what the dense reward said of each observation
    plan: np.ndarray  # [T + 1] int32, version of the keypoint plan it went by; 0: none

    def __len__(self) -> int:
        return len(self.action)

    @property
    def success(self) -> bool:
        """Whether the task was judged done."""
        return self.outcome is Outcome.SUCCESS
