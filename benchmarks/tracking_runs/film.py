"""A demonstration of the simulated operator, filmed by fixed cameras in several sizes, with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from benchmarks.tracking_runs.sleeve import GREY, RED, SleevedLift, hold_before, put_away
from benchmarks.unattended.operator import KnockedOperator, OperatorPolicy
from policies.rewards.keypoints.camera_model import PinholeCamera
from policies.tasks import TASKS
from robot.cell_config import Randomize, TwinConfig
from robot.core.se3 import transform
from robot.core.types import Observation, Source
from robot.guarded_arm import GuardedArm
from robot.session.cell import reference_limits, twin_options
from robot.session.rigs import load_rig
from sim.arm import TwinArm
from sim.camera import camera_info
from sim.rendering import Renderer
from sim.twin import Twin

Look = tuple[str, int]  # camera, pixels a side
Trouble = Literal["none", "grey arm", "red arm", "blackout", "dropped", "knocked"]

CAMERAS = ("front", "room")
ARMS: tuple[Trouble, ...] = ("grey arm", "red arm")
COVERED: tuple[Trouble, ...] = (*ARMS, "blackout")
LOOSE: tuple[Trouble, ...] = ("dropped", "knocked")
_TASK = TASKS.load("lift")
_SLIDE = 8  # steps in which a forearm comes in, and goes
_GUARD_S = 0.01
_DROP_M = 0.08  # height of the cube's middle at which the gripper opens
_KNOCKED_M = 0.03  # between two steps no hand moves it so far


@dataclass(frozen=True, eq=False)
class Shot:
    """One control step."""

    images: dict[Look, NDArray[np.uint8]]
    T_base_tcp: NDArray[np.float64]  # [4, 4]
    gripper_width_m: float
    cube_m: NDArray[np.float64]  # [3] its middle, the point that is grasped
    shown: float  # of what the first camera would see of the cube without trouble, [0, 1]
    loose: bool  # it has been dropped, or knocked out of the hand


@dataclass(frozen=True, eq=False)
class Film:
    """One episode; the first shot is free of trouble."""

    seed: int
    trouble: Trouble
    shots: list[Shot]
    cameras: dict[Look, PinholeCamera]


@dataclass(frozen=True)
class Cover:
    """When it is covered: all the way from ``first`` for so many steps."""

    first: int
    steps: int

    def share(self, step: int) -> float:
        """How far a forearm is in, 0 to 1."""
        before, after = self.first - step, step - (self.first + self.steps - 1)
        return float(np.clip(1.0 - max(before, after) / _SLIDE, 0.0, 1.0))


def draw_cover(seed: int) -> Cover:
    """From step 3 (before the grasp) to step 24 (high in the air), for 5 to 15 steps."""
    rng = np.random.default_rng([seed, 7])
    return Cover(int(rng.integers(3, 25)), int(rng.integers(5, 16)))


class Studio:
    """A twin of the lift task, its operator and its cameras.

    Args:
        sizes: of the images, pixels a side.
        trouble: what happens to the view.
        randomize: the cell's looks, as `TwinConfig` has it; cameras are taken as calibrated.
    """

    def __init__(self, sizes: Sequence[int], trouble: Trouble, randomize: Randomize = "off") -> None:
        rig, arm = load_rig(_TASK.rig), _TASK.action.arms[0]
        gains = {name: o.gains for name, o in twin_options(rig, _TASK).items()}
        sleeves = CAMERAS if trouble in ARMS else ()
        scene = SleevedLift(cameras=sleeves, rgba=RED if trouble == "red arm" else GREY)
        self._twin = Twin(scene, TwinConfig(randomize=randomize), _TASK.arms, gains)
        self._trouble: Trouble = trouble
        self._sleeves = sleeves
        limits = reference_limits(rig.arms[arm.arm], _TASK)
        driver = TwinArm(arm.arm, world=self._twin)
        self._arm = GuardedArm(driver, arm, limits, _TASK.control_period_s, _GUARD_S)
        policy = KnockedOperator if trouble == "knocked" else OperatorPolicy
        self._operator, self._loose = policy(_TASK, self._twin), False
        self._renderers = {size: Renderer(self._twin.model, (size, size)) for size in sizes}
        self._segments = mujoco.Renderer(self._twin.model, max(sizes), max(sizes))
        self._segments.enable_segmentation_rendering()

    def close(self) -> None:
        """Give the GL contexts back."""
        for renderer in (*self._renderers.values(), self._segments):
            renderer.close()

    def film(self, seed: int, steps: int) -> Film:
        """So many control steps from the start that ``seed`` draws."""
        self._twin.reset(seed)
        self._arm.clear()
        self._arm.restart()
        self._operator.reset(2 * seed)  # every even attempt is the one that is knocked
        self._loose = False
        cameras, shots, cover = self._cameras(), [], draw_cover(seed)
        for step in range(steps):
            shots.append(self._shot(cover.share(step) if self._trouble in COVERED else 0.0))
            self._drive()
        return Film(seed, self._trouble, shots, cameras)

    def _drive(self) -> None:
        unseen, before = Observation(self._twin.stamp_ns, {}), self._cube_m()  # the operator sees the truth
        action = self._operator.act(unseen)
        if self._trouble == "dropped" and (self._loose or before[2] > _DROP_M):
            self._loose, action = True, _TASK.action.arms[0].from_axes(np.zeros(6), 1.0)
        self._arm.command(self._twin.stamp_ns, action, Source.POLICY, engaged=False)
        for _ in range(round(_TASK.control_period_s / _GUARD_S)):
            self._arm.tick(self._twin.stamp_ns)
        if self._trouble == "knocked":
            self._loose |= bool(np.linalg.norm(self._cube_m() - before) > _KNOCKED_M)

    def _cube_m(self) -> NDArray[np.float64]:
        return self._twin.scene.poses(self._twin.model, self._twin.data)["cube"][:3, 3].copy()

    def _shot(self, covered: float) -> Shot:
        twin, state, cube = self._twin, self._twin.state(), self._cube_m()
        self._sleeves_at(cube, 0.0)
        whole = self._cube_pixels()
        self._sleeves_at(cube, covered)
        dark = self._trouble == "blackout" and covered == 1.0
        shown = 0.0 if dark else self._cube_pixels() / max(whole, 1)
        looks = {(c, size): r.draw(twin.data, c) for size, r in self._renderers.items() for c in CAMERAS}
        images = {k: np.zeros_like(i) if dark else twin.noisy_image(i) for k, i in looks.items()}
        return Shot(images, state.T_base_tcp, state.gripper_width, cube, shown, self._loose)

    def _sleeves_at(self, cube_m: NDArray[np.float64], covered: float) -> None:
        for camera in self._sleeves:
            if covered > 0.0:
                hold_before(self._twin.model, self._twin.data, camera, cube_m, covered)
            else:
                put_away(self._twin.model, self._twin.data, camera)

    def _cube_pixels(self) -> int:
        self._segments.update_scene(self._twin.data, camera=CAMERAS[0])
        seen = self._segments.render()
        geom = self._twin.model.body("cube").geomadr[0]
        return int(np.count_nonzero((seen[..., 0] == geom) & (seen[..., 1] == mujoco.mjtObj.mjOBJ_GEOM)))

    def _cameras(self) -> dict[Look, PinholeCamera]:
        return {(c, size): self._camera(c, size) for size in self._renderers for c in CAMERAS}

    def _camera(self, name: str, size: int) -> PinholeCamera:
        seen = self._twin.data.cam(name)
        T = transform(seen.xmat.reshape(3, 3) @ np.diag([1.0, -1.0, -1.0]), seen.xpos)  # z forward, y down
        return PinholeCamera.from_info(camera_info(self._twin.model, name, size, 0), T)
