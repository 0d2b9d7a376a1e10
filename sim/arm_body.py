"""One arm inside the twin's world: its joints, the controller that follows its reference, its sensors."""

from __future__ import annotations

from collections import deque

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot.core.se3 import Matrix, inverse, transform
from robot.core.types import RobotState
from sim.controller import Aim, Controller
from sim.grasp import holds
from sim.impedance import CartesianImpedance, ImpedanceGains, inverse_kinematics, small_rotation
from sim.mounts import Mount
from sim.operational_space import MotionGains, OperationalSpace

_WRENCH_SHARE = 0.1  # of a tick in the reading: a low-pass of 16 Hz, as an arm's own estimate has
_FINGER_M = 0.04  # a finger's way
_TICK_S = 0.001
Gains = ImpedanceGains | MotionGains  # which law drives an arm, and how hard


class ArmBody:
    """Poses that come in and go out are in the arm's own base frame; the world's frame stays in here."""

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        mount: Mount,
        gains: Gains | None = None,
    ) -> None:
        self._model, self._data, self.mount = model, data, mount
        self._T_base_world = inverse(mount.T_world_base)
        self._tcp = data.site(mount.prefix + "tcp")
        # The arms are first in the model, and each of their joints is one coordinate and one velocity.
        first, motor = model.joint(mount.prefix + "joint1").id, model.actuator(mount.prefix + "torque1").id
        self.joints, self._fingers = slice(first, first + 7), slice(first + 7, first + 9)
        self.coordinates = slice(first, first + 9)
        self._motors, self._gripper = slice(motor, motor + 7), motor + 7
        tcp = mount.prefix + "tcp"
        self._controller: Controller
        if isinstance(gains, MotionGains):
            self._controller = OperationalSpace(model, tcp, self.joints, self._motors, gains)
        else:
            self._controller = CartesianImpedance(model, tcp, self.joints, self._motors, gains)
        self._jacobian = np.zeros((6, model.nv))
        self._tare, self._felt = np.zeros(6), np.zeros(6)
        at = model.sensor(mount.prefix + "flange_force").adr[0]  # the torque comes next
        self._flange = data.sensordata[at : at + 6]
        self._opening = 0.0
        self.reference: Matrix = np.eye(4)  # the pose [4, 4] the controller was given last
        self._way: tuple[Matrix, Matrix] = (self.reference, self.reference)  # from, to, in the world
        self._step = np.zeros(6)  # between them: m, rad
        # References on their way to the controller, the one it follows now first.
        self._delayed: deque[Aim] = deque(maxlen=1)

    @property
    def holds(self) -> bool:
        """Whether the fingers are closed on something."""
        return holds(self._model, self._data, self.mount.prefix)

    def place(self, T_base_tcp: Matrix, opening_m: float, delay_ms: int = 0) -> None:
        """A reset: at rest at a pose, each finger ``opening_m`` from the middle; references come late."""
        T = self.mount.T_world_base @ T_base_tcp
        data, site = self._data, self.mount.prefix + "tcp"
        data.qpos[self.joints] = inverse_kinematics(self._model, data, site, self.joints, T)
        self._opening = opening_m
        data.qpos[self._fingers] = opening_m
        self._controller.reset(data.qpos[self.joints])
        self.reference, self._way = T_base_tcp.copy(), (T, T)
        self._delayed = deque([Aim(T[:3, 3], T[:3, :3], np.zeros(6))], maxlen=delay_ms + 1)

    def head_for(self, T_base_tcp: Matrix, gripper_width_m: float | None) -> None:
        """Take a reference that `move` then brings to the controller; without a width the fingers stay."""
        if gripper_width_m is not None:
            self._opening = float(np.clip(gripper_width_m / 2, 0.0, _FINGER_M))
        old, new = self._way[1], self.mount.T_world_base @ T_base_tcp
        turn = small_rotation(old[:3, :3], new[:3, :3])
        self._way, self._step = (old, new), np.concatenate([new[:3, 3] - old[:3, 3], turn])
        self.reference = T_base_tcp.copy()

    def move(self, tick: int, ticks: int) -> None:
        """The reference is ``tick`` of ``ticks`` milliseconds on its way from the one before."""
        old, new = self._way
        position = old[:3, 3] + tick / ticks * (new[:3, 3] - old[:3, 3])
        self._delayed.append(Aim(position, new[:3, :3], self._step / (ticks * _TICK_S)))

    def control(self) -> None:
        """Set the motors; between mj_step1 and mj_step2."""
        self._data.ctrl[self._motors] = self._controller.torque(self._data, self._delayed[0])
        self._data.ctrl[self._gripper] = self._opening

    def feel(self) -> None:
        """Update the wrench estimate; after mj_step2."""
        self._felt += _WRENCH_SHARE * (self._wrench() - self._felt)

    def tare(self) -> None:
        """What is felt now is the tool's own weight."""
        self._tare = self._wrench()
        self._felt = self._tare.copy()

    def state(self, stamp_ns: int, episode_id: int, wrench_noise: NDArray[np.float64]) -> RobotState:
        """What the arm's own sensors tell, with noise [6] on the wrench."""
        d, f32 = self._data, np.float32
        T_world_tcp = transform(self._tcp.xmat.reshape(3, 3), self._tcp.xpos)
        return RobotState(
            stamp_ns=stamp_ns,
            arm=self.mount.arm,
            q=d.qpos[self.joints].astype(f32),
            dq=d.qvel[self.joints].astype(f32),
            tau=d.ctrl[self._motors].astype(f32),
            T_base_tcp=self._T_base_world @ T_world_tcp,
            twist=self._twist().astype(f32),
            wrench=(self._felt - self._tare + wrench_noise).astype(f32),
            gripper_width=float(2 * d.qpos[self._fingers.start]),
            episode_id=episode_id,
            jacobian=self.jacobian().astype(f32),
        )

    def jacobian(self) -> Matrix:
        """[6, 7] of the tool centre point, base frame."""
        mujoco.mj_jacSite(self._model, self._data, self._jacobian[:3], self._jacobian[3:], self._tcp.id)
        J, R = self._jacobian[:, self.joints], self._T_base_world[:3, :3]
        return np.concatenate([R @ J[:3], R @ J[3:]])

    def contact_force(self) -> Matrix:
        """[3] N, of the environment on the tool, hand frame, with the tool's own inertia in it."""
        return (self._wrench() - self._tare)[:3]

    def felt_force(self) -> Matrix:
        """The same [3] N as the arm's own estimate has it, noise apart."""
        return (self._felt - self._tare)[:3]

    def _twist(self) -> NDArray[np.float64]:
        twist, site = np.zeros(6), mujoco.mjtObj.mjOBJ_SITE
        mujoco.mj_objectVelocity(self._model, self._data, site, self._tcp.id, twist, 0)
        R = self._T_base_world[:3, :3]
        return np.concatenate([R @ twist[3:], R @ twist[:3]])  # MuJoCo puts the rotation first

    def _wrench(self) -> NDArray[np.float64]:
        # The sensor reads what the arm does to the hand, in the hand's frame; the tool feels the opposite
        # of what it passes on, so with the tare taken off the sign below is the environment's push.
        return -self._flange
