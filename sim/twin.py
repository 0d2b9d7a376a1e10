"""One or more arms in one MuJoCo cell: physics, and the 1 kHz controllers that follow references."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import mujoco
import numpy as np

from robot.cell_config import TwinConfig
from robot.core.errors import NudgeError
from robot.core.se3 import Matrix
from robot.core.types import RobotState, Truth
from robot.task import Task
from sim.arm_body import ArmBody, Gains
from sim.mounts import mounts
from sim.randomize import Randomizer
from sim.scenes import SCENES
from sim.scenes.scene import HOME_Q, Scene, new_cell

_TICK_NS = 1_000_000
_NOISE_SHARE = np.repeat([1.0, 0.1], 3)  # of the force's noise: N, Nm


class Twin:
    """Physics and controllers. Drawing is `sim.rendering`; messages are `sim.cell`.

    Args:
        arms: names of the arms that the scene is made for; the first one's base frame is the world.
        gains: of the arms that are not driven by `ImpedanceGains` as they come.
    """

    def __init__(
        self,
        scene: Scene,
        config: TwinConfig | None = None,
        arms: Sequence[str] = ("arm",),
        gains: Mapping[str, Gains] | None = None,
    ) -> None:
        self.scene = scene
        places = mounts(arms)
        by_arm = gains or {}
        spec = new_cell(places)
        scene.build(spec)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.arms = {m.arm: ArmBody(self.model, self.data, m, by_arm.get(m.arm)) for m in places}
        self.stamp_ns = 0
        self.on_tick: Callable[[], None] | None = None  # called every simulated millisecond
        self._rng = np.random.default_rng(0)
        self._heading: set[str] = set()  # arms that have their next reference
        self._randomizer = Randomizer(self.model, config or TwinConfig())
        self._imperfection = self._randomizer.begin(0)

    def reset(self, seed: int) -> None:
        """A new start drawn from ``seed``; time goes on."""
        self._rng = np.random.default_rng(seed)
        self._imperfection = self._randomizer.begin(seed)
        mujoco.mj_resetData(self.model, self.data)
        for arm in self.arms.values():
            self.data.qpos[arm.joints] = HOME_Q
        starts = self.scene.reset(self.model, self.data, self._rng).reshape(-1, 4, 4)
        for arm, T_base_tcp in zip(self.arms.values(), starts, strict=True):
            arm.place(T_base_tcp, self.scene.opening_m, self._imperfection.command_delay_ms)
        self._heading.clear()
        self._settle()

    def renew(self, seed: int) -> None:
        """Objects and imperfections drawn from ``seed`` around arms that stay: a fixture sets out new parts.

        The command delay alone stays too, for references are on their way.
        """
        self._rng = np.random.default_rng(seed)
        self._imperfection = self._randomizer.begin(seed)
        arms = {arm: self.data.qpos[arm.coordinates].copy() for arm in self.arms.values()}
        speeds = {arm: self.data.qvel[arm.coordinates].copy() for arm in self.arms.values()}
        self.scene.reset(self.model, self.data, self._rng)
        self.data.qvel[:] = 0.0
        for arm in self.arms.values():
            self.data.qpos[arm.coordinates] = arms[arm]
            self.data.qvel[arm.coordinates] = speeds[arm]
        mujoco.mj_forward(self.model, self.data)

    def advance(
        self,
        T_base_tcp: Matrix,
        seconds: float,
        gripper_width_m: float | None = None,
        arm: str | None = None,
    ) -> None:
        """Give one arm (None: the first) its next reference, in its base frame.

        Once every arm has one, ``seconds`` are simulated, over which all references move there evenly.
        """
        name = arm or next(iter(self.arms))
        self.arms[name].head_for(T_base_tcp, gripper_width_m)
        self._heading.add(name)
        if len(self._heading) == len(self.arms):
            self._run(round(seconds * 1000))

    def rest(self, seconds: float) -> None:
        """Simulate ``seconds``; an arm that was given no reference keeps its last one."""
        for name, arm in self.arms.items():
            if name not in self._heading:
                arm.head_for(arm.reference, None)
        self._run(round(seconds * 1000))

    def state(self, episode_id: int = -1, arm: str | None = None) -> RobotState:
        """What one arm's (None: the first's) own sensors tell."""
        noise = self._rng.normal(size=6) * self._imperfection.wrench_noise_n * _NOISE_SHARE
        return self.arms[arm or next(iter(self.arms))].state(self.stamp_ns, episode_id, noise)

    def truth(self, episode_id: int = -1) -> Truth:
        """PRIVILEGED: what no sensor of the cell tells."""
        held = {name: arm.holds for name, arm in self.arms.items()}
        return Truth(self.stamp_ns, episode_id, self.scene.poses(self.model, self.data), held)

    def noisy_image(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels with the configured sensor noise, drawn from the episode's seed."""
        if self._imperfection.image_noise == 0.0:
            return pixels
        noise = self._rng.normal(size=pixels.shape) * self._imperfection.image_noise
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)

    def _run(self, ticks: int) -> None:
        self._heading.clear()
        for k in range(ticks):
            for arm in self.arms.values():
                arm.move(k + 1, ticks)
            self._tick()
            self.stamp_ns += _TICK_NS
        if not np.isfinite(self.data.qpos).all():
            raise NudgeError(f"the twin's physics diverged at {self.stamp_ns} ns; please report the seed")

    def _tick(self) -> None:
        mujoco.mj_step1(self.model, self.data)
        for arm in self.arms.values():
            arm.control()
        mujoco.mj_step2(self.model, self.data)
        for arm in self.arms.values():
            arm.feel()
        if self.on_tick is not None:
            self.on_tick()

    def _settle(self) -> None:
        mujoco.mj_forward(self.model, self.data)
        for _ in range(50):
            self._tick()
        mujoco.mj_forward(self.model, self.data)
        for arm in self.arms.values():
            arm.tare()


def make_twin(task: Task, config: TwinConfig | None = None, gains: Mapping[str, Gains] | None = None) -> Twin:
    """The twin of a task's cell."""
    return Twin(SCENES.load(task.scene)(), config, task.arms, gains)
