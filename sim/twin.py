"""One arm in its MuJoCo cell: physics, and the 1 kHz controller that follows a reference."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import mujoco
import numpy as np

from robot.cell_config import TwinConfig
from robot.core.errors import NudgeError
from robot.core.se3 import Matrix, transform
from robot.core.types import RobotState
from robot.task import Task
from sim.impedance import CartesianImpedance, ImpedanceGains, inverse_kinematics
from sim.scenes import SCENES
from sim.scenes.scene import HOME_Q, Scene, new_cell

_JOINTS = slice(0, 7)
_TICK_NS = 1_000_000
_WRENCH_SHARE = 0.1  # of a tick in the reading: a low-pass of 16 Hz, as an arm's own estimate has
_Pose = tuple[Matrix, Matrix]  # position [3] m, rotation [3, 3]


class Twin:
    """Physics and controller of one arm. Drawing is `sim.rendering`; messages are `sim.cell`."""

    def __init__(
        self,
        scene: Scene,
        config: TwinConfig | None = None,
        arm: str = "arm",
        gains: ImpedanceGains | None = None,
    ) -> None:
        self.config, self.scene, self.arm = config or TwinConfig(), scene, arm
        spec = new_cell()
        scene.build(spec)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.stamp_ns = 0
        self.on_tick: Callable[[], None] | None = None  # called every simulated millisecond
        self._controller = CartesianImpedance(self.model, "tcp", _JOINTS, gains)
        self._rng = np.random.default_rng(0)
        self._tare = np.zeros(6)
        self._felt = np.zeros(6)
        self._reference: _Pose = (np.zeros(3), np.eye(3))
        # References on their way to the controller, the one it follows now first.
        self._delayed: deque[_Pose] = deque(maxlen=self.config.command_delay_ms + 1)
        self._opening = 0.0
        self._jacobian = np.zeros((6, self.model.nv))

    def reset(self, seed: int) -> None:
        """A new start drawn from ``seed``; time goes on."""
        self._rng = np.random.default_rng(seed)
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[_JOINTS] = HOME_Q
        T_base_tcp = self.scene.reset(self.model, self.data, self._rng)
        self.data.qpos[_JOINTS] = inverse_kinematics(self.model, self.data, "tcp", _JOINTS, T_base_tcp)
        self._opening = self.scene.opening_m
        self.data.qpos[7:9] = self._opening
        self._controller.reset(self.data.qpos[_JOINTS])
        self._reference = (T_base_tcp[:3, 3].copy(), T_base_tcp[:3, :3].copy())
        self._delayed.clear()
        self._delayed.append(self._reference)
        self._settle()

    @property
    def reference(self) -> Matrix:
        """The pose [4, 4] the controller was given last."""
        return transform(self._reference[1], self._reference[0])

    def advance(self, T_base_tcp: Matrix, seconds: float, gripper_width_m: float | None = None) -> None:
        """Simulate ``seconds``, over which the reference moves evenly to ``T_base_tcp``."""
        if gripper_width_m is not None:
            self._opening = float(np.clip(gripper_width_m / 2, 0.0, 0.04))
        old, ticks = self._reference[0], round(seconds * 1000)
        position, R = T_base_tcp[:3, 3].copy(), T_base_tcp[:3, :3].copy()
        for k in range(ticks):
            self._delayed.append((old + (k + 1) / ticks * (position - old), R))
            self._tick(*self._delayed[0])
            self.stamp_ns += _TICK_NS
        self._reference = (position, R)
        self._check()

    def state(self, episode_id: int = -1) -> RobotState:
        """What the arm's own sensors tell."""
        d, tcp = self.data, self.data.site("tcp")
        T = np.eye(4)
        T[:3, :3], T[:3, 3] = tcp.xmat.reshape(3, 3), tcp.xpos
        twist = np.zeros(6)
        mujoco.mj_objectVelocity(self.model, d, mujoco.mjtObj.mjOBJ_SITE, tcp.id, twist, 0)
        noise = self._rng.normal(size=6) * self.config.wrench_noise_n * np.repeat([1.0, 0.1], 3)
        f32 = np.float32
        return RobotState(
            stamp_ns=self.stamp_ns,
            arm=self.arm,
            q=d.qpos[_JOINTS].astype(f32),
            dq=d.qvel[_JOINTS].astype(f32),
            tau=d.ctrl[_JOINTS].astype(f32),
            T_base_tcp=T,
            twist=np.r_[twist[3:], twist[:3]].astype(f32),  # MuJoCo puts the rotation first
            wrench=(self._felt - self._tare + noise).astype(f32),
            gripper_width=float(2 * d.qpos[7]),
            episode_id=episode_id,
            jacobian=self.jacobian().astype(np.float32),
        )

    def noisy_image(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels with the configured sensor noise, drawn from the episode's seed."""
        if self.config.image_noise == 0.0:
            return pixels
        noise = self._rng.normal(size=pixels.shape) * self.config.image_noise
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)

    def _tick(self, position: Matrix, R: Matrix) -> None:
        mujoco.mj_step1(self.model, self.data)
        self.data.ctrl[_JOINTS] = self._controller.torque(self.data, position, R)
        self.data.ctrl[7] = self._opening
        mujoco.mj_step2(self.model, self.data)
        self._felt += _WRENCH_SHARE * (self._wrench() - self._felt)
        if self.on_tick is not None:
            self.on_tick()

    def _settle(self) -> None:
        mujoco.mj_forward(self.model, self.data)
        for _ in range(50):
            self._tick(*self._reference)
        mujoco.mj_forward(self.model, self.data)
        self._tare = self._wrench()
        self._felt = self._tare.copy()

    def jacobian(self) -> Matrix:
        """[6, 7] of the tool centre point, in the base frame."""
        mujoco.mj_jacSite(
            self.model, self.data, self._jacobian[:3], self._jacobian[3:], self.data.site("tcp").id
        )
        return self._jacobian[:, _JOINTS].copy()

    def contact_force(self) -> Matrix:
        """[3] N, of the environment on the tool, hand frame, with the tool's own inertia in it."""
        return (self._wrench() - self._tare)[:3]

    def felt_force(self) -> Matrix:
        """The same [3] N as the arm's own estimate has it, noise apart."""
        return (self._felt - self._tare)[:3]

    def _wrench(self) -> Matrix:
        # The sensor reads what the arm does to the hand, in the hand's frame; the tool feels the opposite
        # of what it passes on, so with the tare taken off the sign below is the environment's push.
        force, torque = self.data.sensor("flange_force").data, self.data.sensor("flange_torque").data
        return -np.r_[force, torque]

    def _check(self) -> None:
        if not np.isfinite(self.data.qpos).all():
            raise NudgeError(f"the twin's physics diverged at {self.stamp_ns} ns; please report the seed")


def make_twin(task: Task, config: TwinConfig | None = None) -> Twin:
    """The twin of a task's cell."""
    return Twin(SCENES.load(task.scene)(), config, task.arms[0])
