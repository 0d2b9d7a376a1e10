"""Hands that toss: bring the tool to where it began, wait until the object lies still, swing, let it land."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from robot.core.errors import ConfigError
from robot.core.se3 import Matrix, inverse, log_so3
from robot.core.spec import ArmActionSpec
from robot.core.types import Array, Truth
from robot.task import Task
from teleop.hands.swing_plan import swing_plan
from teleop.operator_config import OperatorConfig

_STILL_M, _STILL_RAD = 0.004, 0.1  # moved since the step before
_FLAT = 0.9  # cosine of the tilt of an object that lies as it did at first
_NEAR_M, _NEAR_RAD = 0.03, 0.08  # the tool is where it began
_LANDING_STEPS = 4  # after a swing, before the hand moves the tool again
_BRISK_M = 0.03  # moved in a control step: nobody lays a hand on a tool in the middle of a swing
_LOST_M = 0.25  # an object this far from its carrier has fallen out
_GENTLE = 0.5  # of the largest action, on the way back
# Down and up once, to feel the weight: what takes control is bounded for two steps, and a swing must not be.
_HEFT = np.outer([0.35, -0.35, 0.0], np.eye(6)[2])


class SwingHand:
    """A `Hand` of swings. Who supervises lets a few steps go by, then does one swing and lets go."""

    def __init__(self, arm: ArmActionSpec, task: Task, config: OperatorConfig) -> None:
        if task.swing is None:
            raise ConfigError([f"swing: got none, want one for the hand {task.hand!r}"], f"task {task.name}")
        self._arm, self._config, self._swing = arm, config, task.swing
        self._tool, self._period_s = task.tool_frame(arm.arm), task.control_period_s
        self.begin(0)

    def begin(self, seed: int) -> None:
        """Forget the last episode."""
        self._rng = np.random.default_rng([seed, 23])
        self._tremor = np.zeros(6)
        self._home: Matrix | None = None
        self._T_base_tool: Matrix | None = None
        self._brisk = False
        self._T_carrier_object: Matrix | None = None
        self._still = False
        self._plan: list[NDArray[np.float64]] = []  # what is left of the swing
        self._landing = 0  # steps until the object should lie again
        self._idle, self._held = 0, False
        self._take()

    def see(self, truth: Truth) -> None:
        """Follow tool and object."""
        if self._home is None:
            self._home = np.array(truth.poses[self._tool], np.float64)
        tool, self._T_base_tool = self._T_base_tool, np.array(truth.poses[self._tool], np.float64)
        self._brisk = tool is not None and _moved_m(tool, self._T_base_tool) > _BRISK_M
        now = inverse(truth.poses[self._swing.carrier]) @ truth.poses[self._swing.object]
        before, self._T_carrier_object = self._T_carrier_object, now
        self._still = before is not None and _alike(before, now)
        self._landing = max(0, self._landing - 1)

    def needed(self, truth: Truth) -> bool:
        """From a few steps in which nothing was turned over, until one swing has come to rest."""
        assert self._T_carrier_object is not None
        lost = float(np.linalg.norm(self._T_carrier_object[:3, 3])) > _LOST_M
        flat = bool(self._T_carrier_object[2, 2] > _FLAT) and not lost
        if self._held:
            rests = self._swung and not self._plan and not self._landing and self._still
            self._held, self._idle = not (rests or lost), 0
        else:
            self._idle = self._idle + 1 if flat else 0
            self._held = self._idle > self._config.swing.patience_steps and not self._brisk
            self._take()
        return self._held

    def deflection(self, truth: Truth) -> tuple[Array, float]:
        """The next part of the swing; before it back to where the tool began, after it next to nothing."""
        c = self._config.hand
        fresh = self._rng.normal(size=6) * c.noise * np.sqrt(1 - c.noise_memory**2)
        self._tremor = c.noise_memory * self._tremor + fresh
        return np.clip(self._intended(truth) + self._tremor, -1.0, 1.0).astype(np.float32), 0.0

    def _intended(self, truth: Truth) -> NDArray[np.float64]:
        if self._heft:
            return self._heft.pop(0)
        if not self._plan and not self._landing:
            way = self._way_home(truth)
            if way.any() or not self._still or not self._begins():
                return way
        return self._plan.pop(0) if self._plan else np.zeros(6)

    def _way_home(self, truth: Truth) -> NDArray[np.float64]:
        """[6] toward where the tool began, zero when it is there."""
        assert self._home is not None
        T = inverse(truth.poses[self._tool]) @ self._home
        way, turn = T[:3, 3], log_so3(T[:3, :3])
        if np.linalg.norm(way) < _NEAR_M and np.linalg.norm(turn) < _NEAR_RAD:
            return np.zeros(6)
        spec, gain = self._arm, self._config.hand.gain
        axes = np.concatenate([way / spec.translation_scale_m, turn / spec.rotation_scale_rad]) * gain
        return axes * min(1.0, _GENTLE / float(np.abs(axes).max()))

    def _begins(self) -> bool:
        self._wait -= 1
        if self._wait >= 0:
            return False
        plan = swing_plan(self._swing.strokes, self._period_s, self._config.swing, self._rng)
        self._plan, self._landing, self._swung = list(plan), len(plan) + _LANDING_STEPS, True
        self._draw_wait()
        return True

    def _take(self) -> None:
        """The hand is about to be laid on the device."""
        self._heft, self._swung = list(_HEFT), False
        self._draw_wait()

    def _draw_wait(self) -> None:
        self._wait = int(self._rng.integers(self._config.swing.most_wait_steps + 1))


def _moved_m(one: Matrix, other: Matrix) -> float:
    return float(np.linalg.norm(other[:3, 3] - one[:3, 3]))


def _alike(one: Matrix, other: Matrix) -> bool:
    """Whether two poses are so near that nothing moved between them."""
    turn = log_so3(one[:3, :3].T @ other[:3, :3])
    return bool(_moved_m(one, other) < _STILL_M and np.linalg.norm(turn) < _STILL_RAD)
