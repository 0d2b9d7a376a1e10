"""One arm in its MuJoCo cell, stepped a control period at a time."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np

from robot.cell_config import TwinConfig
from robot.core.errors import NudgeError
from robot.core.se3 import Matrix, exp_so3
from robot.core.types import Array, RobotState
from robot.task import Box, Task
from sim.impedance import CartesianImpedance, inverse_kinematics, small_rotation
from sim.scenes import SCENES
from sim.scenes.scene import HOME_Q, Scene, new_cell

_JOINTS = slice(0, 7)
_GRIPPER_SPEED_M = 0.02  # opening a control step at full command


class Twin:
    """Physics and controller of one arm. Drawing is `sim.rendering`; messages are `sim.cell`."""

    def __init__(
        self, scene: Scene, workspace: Box, config: TwinConfig | None = None, arm: str = "arm"
    ) -> None:
        self.config, self.scene, self.arm = config or TwinConfig(), scene, arm
        self._workspace = workspace
        spec = new_cell()
        scene.build(spec)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.stamp_ns = 0
        self._controller = CartesianImpedance(self.model, "tcp", _JOINTS)
        self._rng = np.random.default_rng(0)
        self._tare = np.zeros(6)
        self._reference: tuple[Matrix, Matrix] = (np.zeros(3), np.eye(3))
        self._opening = 0.0

    def reset(self, seed: int) -> None:
        """A new start drawn from ``seed``; time goes on."""
        self._rng = np.random.default_rng(seed)
        mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[_JOINTS] = HOME_Q
        T_base_tcp = self.scene.reset(self.model, self.data, self._rng)
        self.data.qpos[_JOINTS] = inverse_kinematics(self.model, self.data, "tcp", _JOINTS, T_base_tcp)
        self._opening = 0.04 if self.model.nv > 9 else 0.01  # open, unless the tool is fixed in the hand
        self.data.qpos[7:9] = self._opening
        self._controller.reset(self.data.qpos[_JOINTS])
        self._reference = (T_base_tcp[:3, 3].copy(), T_base_tcp[:3, :3].copy())
        self._settle()

    def step(self, translation_m: Array, rotation_rad: Array, gripper: float = 0.0) -> None:
        """Move the reference by one delta in the tool frame and simulate one control period."""
        old = self._reference
        self._reference = self._leashed(*self._moved(old, translation_m, rotation_rad))
        self._opening = float(np.clip(self._opening + gripper * _GRIPPER_SPEED_M, 0.0, 0.04))
        ticks = round(self.config.control_period_s * 1000)
        for k in range(ticks):
            along = np.clip((k + 1 - self.config.command_delay_ms) / ticks, 0.0, 1.0)
            self._tick(old[0] + along * (self._reference[0] - old[0]), self._reference[1])
        self._check()
        self.stamp_ns += round(self.config.control_period_s * 1e9)

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
            wrench=(self._wrench() - self._tare + noise).astype(f32),
            gripper_width=float(2 * d.qpos[7]),
            episode_id=episode_id,
        )

    def noisy_image(self, pixels: np.ndarray) -> np.ndarray:
        """Pixels with the configured sensor noise, drawn from the episode's seed."""
        if self.config.image_noise == 0.0:
            return pixels
        noise = self._rng.normal(size=pixels.shape) * self.config.image_noise
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)

    def _moved(
        self, reference: tuple[Matrix, Matrix], translation: Array, rotation: Array
    ) -> tuple[Matrix, Matrix]:
        position, R = reference
        return position + R @ translation, R @ exp_so3(rotation)

    def _leashed(self, position: Matrix, R: Matrix) -> tuple[Matrix, Matrix]:
        tcp = self.data.site("tcp")
        measured = tcp.xmat.reshape(3, 3)
        ahead = _shorten(position - tcp.xpos, self.config.reference_leash_m)
        turn = _shorten(small_rotation(measured, R), self.config.reference_leash_rad)
        position = np.clip(tcp.xpos + ahead, self._workspace.low_m, self._workspace.high_m)
        return position, exp_so3(turn) @ measured

    def _tick(self, position: Matrix, R: Matrix) -> None:
        mujoco.mj_step1(self.model, self.data)
        self.data.ctrl[_JOINTS] = self._controller.torque(self.data, position, R)
        self.data.ctrl[7] = self._opening
        mujoco.mj_step2(self.model, self.data)

    def _settle(self) -> None:
        mujoco.mj_forward(self.model, self.data)
        for _ in range(50):
            self._tick(*self._reference)
        mujoco.mj_forward(self.model, self.data)
        self._tare = self._wrench()

    def _wrench(self) -> Matrix:
        # The sensor reads what the arm does to the hand, in the hand's frame; the tool feels the opposite
        # of what it passes on, so with the tare taken off the sign below is the environment's push.
        force, torque = self.data.sensor("flange_force").data, self.data.sensor("flange_torque").data
        return -np.r_[force, torque]

    def _check(self) -> None:
        if not np.isfinite(self.data.qpos).all():
            raise NudgeError(f"the twin's physics diverged at {self.stamp_ns} ns; please report the seed")


def _shorten(vector: Matrix, longest: float) -> Matrix:
    return vector * min(1.0, longest / max(float(np.linalg.norm(vector)), 1e-12))


def make_twin(task: Task, config: TwinConfig | None = None) -> Twin:
    """The twin of a task's cell."""
    config = replace(config or TwinConfig(), control_period_s=task.control_period_s)
    return Twin(SCENES.load(task.scene)(), task.workspace, config, task.arms[0])
