"""One arm's way from wherever an attempt left it to the start of the next."""

from __future__ import annotations

import numpy as np

from robot.autonomy.config import AutonomyConfig
from robot.autonomy.grasp import GraspWatch
from robot.autonomy.start_pose import draw_start
from robot.autonomy.steer import GAIN, Axes, eased, has, out, swung, toward
from robot.autonomy.stuck import StuckWatch
from robot.autonomy.trail import Trail
from robot.autonomy.trouble import Trouble
from robot.core.se3 import Matrix, difference
from robot.core.spec import ArmActionSpec
from robot.core.types import Array, RobotState
from robot.task import StartRange

_SWING = 0.7  # of full size, from the second try on


class ArmReturn:
    """Watches one arm while it practises, and steers it back.

    Args:
        T_base_start: the rig's own start pose.
    """

    def __init__(
        self, spec: ArmActionSpec, where: StartRange, T_base_start: Matrix, config: AutonomyConfig
    ) -> None:
        self.spec, self._where, self._start, self._config = spec, where, T_base_start, config
        self._stuck, self._grasp = StuckWatch(spec, config), GraspWatch(config.empty_m)
        self._trail = Trail()
        self._held_at: Matrix | None = None  # where it was stuck
        self._goal = draw_start(where, T_base_start, 0)

    def forget(self) -> None:
        """A new attempt begins."""
        self._stuck.forget()
        self._grasp.forget()
        self._trail.forget()

    def look_away(self) -> Trouble:
        """Somebody else moved the arm, or nobody did: that says nothing about being stuck."""
        self._stuck.forget()
        return Trouble.NONE

    def see(self, state: RobotState, value: Array) -> Trouble:
        """One control step: the measurement at its end, and the value [n] executed in it."""
        if self.spec.gripper and self._grasp.see(state.gripper_width, float(value[-1])):
            return Trouble.DROPPED
        return self._stuck.see(state, value)

    def remember(self, state: RobotState) -> None:
        """This is on the way that the attempt came."""
        self._trail.add(state.T_base_tcp)

    def aim(self, seed: int) -> None:
        """Draw the next start."""
        self._goal = draw_start(self._where, self._start, seed)

    def get_free_from(self, state: RobotState) -> None:
        """A try to get free begins here."""
        self._held_at = np.array(state.T_base_tcp)
        self._stuck.forget()

    def free(self, state: RobotState) -> bool:
        """Whether the tool has left the place where the try began."""
        if self._held_at is None:
            return True
        moved, _ = difference(self._held_at, state.T_base_tcp)
        return bool(np.linalg.norm(moved) >= self._config.free_m)

    def recovering(self, state: RobotState, tried: int, step: int, phase_rad: float) -> Array:
        """The value [n] of the next step to get free: the way it came, at later tries out, and rocking."""
        behind = self._trail.back(state.T_base_tcp) if tried == 0 else None
        axes = out() if behind is None else toward(self.spec, state.T_base_tcp, behind)
        if tried > 0:
            axes = swung(axes, step, phase_rad, _SWING)
        return self._value(eased(axes, state.wrench), 0.0)

    def returning(self, state: RobotState) -> Array:
        """The value [n] of the next step to the start: out until it is as high, then across."""
        moved, _ = difference(state.T_base_tcp, self._goal)
        height = -float(moved @ state.T_base_tcp[:3, 2])
        if height > self._config.near_m and "z" in self.spec.axes:
            # Slower when near, like the rest of the way: at full speed it would shoot past.
            up = min(1.0, GAIN * height / self.spec.translation_scale_m) * out()
            return self._value(eased(up, state.wrench), self._where.gripper)
        return self._value(toward(self.spec, state.T_base_tcp, self._goal), self._where.gripper)

    def there(self, state: RobotState) -> bool:
        """Whether the arm rests at the start, along and about the axes that it has."""
        c = self._config
        far = np.concatenate(difference(state.T_base_tcp, self._goal))
        R = state.T_base_tcp[:3, :3].T
        left = np.concatenate([R @ far[:3], R @ far[3:]]) * has(self.spec)
        near = np.linalg.norm(left[:3]) < c.near_m and np.linalg.norm(left[3:]) < c.near_rad
        return bool(near and np.linalg.norm(state.twist[:3]) < c.still_mps)

    def _value(self, axes: Axes, gripper: float) -> Array:
        return self.spec.from_axes(axes, gripper)
