"""Seeded ways to get a peg stuck, and a policy and a socket that bring them about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import mujoco
import numpy as np

from robot.core.se3 import Matrix, exp_so3, from_quat_xyzw, from_rot6d, quat_xyzw
from robot.core.types import Array, Observation
from sim.scenes.peg_insert import PegInsertScene

Kind = Literal["beside", "tilted", "turned"]
KINDS: tuple[Kind, ...] = ("beside", "tilted", "turned")
_M, _RAD = 0.008, 0.08  # the task's action scales
_ABOVE_M = 0.012


@dataclass(frozen=True)
class Jam:
    """One attempt's undoing. Lengths in m, in the socket's frame; shares are of the largest action."""

    kind: Kind
    offset_m: tuple[float, float]  # beside: where the peg comes down on the rim
    tilt_rad: tuple[float, float]  # tilted: how crooked the socket stands
    friction: float
    depth_m: float  # turned: so deep it goes before it leans and turns
    lean: tuple[float, float]
    turn: float
    push: float  # downward


def draw_jam(seed: int) -> Jam:
    """The jam of an episode; the same for the same seed."""
    rng = np.random.default_rng([seed, 41])
    kind = KINDS[seed % len(KINDS)]
    angle, way = rng.uniform(0, 2 * np.pi, 2)
    offset, tilt = rng.uniform(0.007, 0.014), rng.uniform(0.05, 0.12) * (kind == "tilted")
    return Jam(
        kind,
        (offset * np.cos(angle), offset * np.sin(angle)),
        (tilt * np.cos(way), tilt * np.sin(way)),
        friction=rng.uniform(0.2, 1.0),
        depth_m=rng.uniform(0.008, 0.018),
        lean=(np.cos(way), np.sin(way)),
        turn=rng.choice([-1.0, 1.0]) * rng.uniform(0.1, 0.3),
        push=rng.uniform(0.4, 1.0),
    )


@dataclass
class Present:
    """The jam of the episode under way; `JammingPolicy` writes it, `CrookedSocket` reads it."""

    jam: Jam = field(default_factory=lambda: draw_jam(0))


@dataclass(frozen=True)
class CrookedSocket(PegInsertScene):
    """The socket of the task, tilted and roughened as the present jam says."""

    present: Present = field(default_factory=Present)

    def reset(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> Matrix:
        """As the task's, then crooked."""
        start = super().reset(model, data, rng)
        jam = self.present.jam
        R = exp_so3([*jam.tilt_rad, 0.0]) @ from_quat_xyzw(np.roll(data.mocap_quat[0], -1))
        data.mocap_quat[0] = np.roll(quat_xyzw(R), 1)
        model.geom_friction[model.geom("peg").id, 0] = jam.friction
        return start


class JammingPolicy:
    """A `BasePolicy` that sees where the socket is, drives the peg into trouble, and pushes on regardless."""

    def __init__(self, present: Present) -> None:
        self._present = present
        self.reset(0)

    def reset(self, seed: int) -> None:
        """The jam of the next episode."""
        self._present.jam = draw_jam(seed)
        self._down = False

    def drop(self) -> None:
        """It plans nothing."""

    def act(self, observation: Observation) -> Array:
        """Action [4]: above the spot, then down, then whatever the jam is."""
        pose = observation.state["privileged/socket"].astype(np.float64)
        R = from_rot6d(pose[3:])  # of the socket in the tool
        jam = self._present.jam
        spot = np.array([*jam.offset_m, 0.0]) if jam.kind == "beside" else np.zeros(3)
        left = pose[:3] + R @ spot  # tool z points down
        yaw = np.arctan2(R[1, 0], R[0, 0])
        turn = 0.5 * ((yaw + np.pi / 4) % (np.pi / 2) - np.pi / 4) / _RAD
        aim = np.clip(0.5 * left / _M, -1.0, 1.0)
        self._down |= bool(np.hypot(*left[:2]) < 0.0012 and left[2] < _ABOVE_M + 0.003 and abs(turn) < 0.2)
        if not self._down:
            aim[2] = np.clip(0.5 * (left[2] - _ABOVE_M) / _M, -1.0, 1.0)
            return np.clip([*aim, turn], -1.0, 1.0).astype(np.float32)
        if jam.kind == "turned" and -left[2] > jam.depth_m:
            return np.array([*jam.lean, 0.3 * jam.push, jam.turn], np.float32)
        return np.clip([*aim[:2], jam.push, turn], -1.0, 1.0).astype(np.float32)
