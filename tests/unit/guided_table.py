"""A plan that lifts, and a table on which a tool and an object do what they are told."""

from __future__ import annotations

import numpy as np

from policies.rewards.keypoint_guide import KeypointGuide
from policies.rewards.keypoints.plan import KeypointPlan
from robot.core.se3 import transform
from robot.core.spec import ArmActionSpec
from tests.unit.lifting_episodes import lifting_plan

SPEC = ArmActionSpec("arm", ("x", "y", "z", "rz"), 0.012, 0.1, gripper=True)
DOWN = np.diag([1.0, -1.0, -1.0])  # the tool looks down
UP = np.array([0.0, 0.0, 0.1])
THING = np.array([0.5, 0.02, 0.02])


def plan_to(target: np.ndarray) -> KeypointPlan:
    points = {"grasp": THING, "target": target}
    return lifting_plan().changed(keypoints=points, waypoints_m=np.stack([THING, target]))


OPEN_M, THING_M = 0.08, 0.04


class Table:
    """A tool that goes where it is told, and an object that comes along once the gripper closed around it."""

    def __init__(self, tool: np.ndarray, held: bool = False) -> None:
        self.tool, self.thing = tool.astype(float), tool.astype(float) if held else THING.copy()
        self.width_m = THING_M if held else OPEN_M
        self.path: list[np.ndarray] = []  # of the tool from the object

    def step(self, guide: KeypointGuide, seen: bool = True) -> np.ndarray:
        value = guide.act(transform(DOWN, self.tool), self.thing.copy() if seen else None, self.width_m)
        move, turn = SPEC.delta(value)
        assert np.abs(value).max() <= 1
        assert not turn.any()
        around = np.linalg.norm(self.tool - self.thing) < 0.01
        least = THING_M if around else 0.0
        self.width_m = (
            max(least, self.width_m - 0.015) if value[-1] < 0 else min(OPEN_M, self.width_m + 0.015)
        )
        if around and self.width_m == THING_M:
            self.thing = self.thing + DOWN @ move
        self.tool = self.tool + DOWN @ move
        self.path.append(self.tool - self.thing)
        return value
