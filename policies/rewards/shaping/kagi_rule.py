"""KAGI's own dense reward, as far as it is known: a baseline to compare with, not one to train with."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from robot.core.errors import ConfigError, SpecMismatch


class KagiRule:
    """The sparse reward where it says success, else one that grows towards the next waypoint.

    Lee et al. 2024 (arXiv 2407.10341) published no code. Known: the waypoint closest to the gripper is
    found, the reward follows the distance to the one after it, and it counts unless the sparse classifier
    says success. Scale, sign and shape are not known; this is our reading, kinder to the method than the bare
    words: waypoints already passed count as well, since otherwise each one passed would lower the reward.

    The trap, shown in the tests: it is paid for a state, not for getting there. With a discount near 1 and a
    success that ends the episode, standing beside the goal earns more than reaching it, and standing at a
    wrongly placed waypoint more than leaving it. An offset of ``-highest`` cures the first, not the second.

    Args:
        waypoints_m: [N, 3] in the base frame, N at least 1.
        reach_m: distance to the next waypoint at which its part of the reward is 0.
        highest: dense reward at the last waypoint; a success pays 1.
        offset: added to the dense reward.
    """

    def __init__(
        self, waypoints_m: ArrayLike, reach_m: float, highest: float = 0.99, offset: float = 0.0
    ) -> None:
        self._waypoints: NDArray[np.float64] = np.asarray(waypoints_m, np.float64)
        if self._waypoints.ndim != 2 or self._waypoints.shape[1] != 3 or not len(self._waypoints):
            raise SpecMismatch(f"waypoints have shape {self._waypoints.shape}, want [N, 3] in metres, N > 0")
        if not (reach_m > 0 and 0 < highest < 1):
            got = f"got {reach_m} m and {highest}"
            raise ConfigError([f"reach_m, highest: {got}, want above 0 m, and between 0 and 1"], "KAGI rule")
        self._reach_m, self._highest, self._offset = reach_m, highest, offset

    def reward(self, gripper_m: ArrayLike, success: bool) -> float:
        """The reward for being at ``gripper_m`` [3]; 1 on success."""
        if success:
            return 1.0
        point = np.asarray(gripper_m, np.float64)
        gaps = np.linalg.norm(self._waypoints - point, axis=1)
        last = len(gaps) - 1
        following = min(int(np.argmin(gaps)) + 1, last)
        nearness = max(0.0, 1.0 - float(gaps[following]) / self._reach_m)
        share = (max(following - 1, 0) + nearness) / max(last, 1)
        return self._offset + self._highest * share
