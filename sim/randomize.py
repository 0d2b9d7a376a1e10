"""Another cell in every episode: light, colours, cameras, friction, delay and noise, drawn from its seed.

Training draws from the middle of each range, evaluation in a held-out cell from both ends that training never
reaches. Source of the idea: Tobin et al., "Domain Randomization for Transferring Deep Neural Networks from
Simulation to the Real World" (2017); the ranges are ours.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from robot.cell_config import TwinConfig
from robot.core.se3 import exp_so3, from_quat_xyzw, quat_xyzw
from sim.scenes.scene import ARM_GROUP

_STREAM = 29  # of the episode's seed: the scene draws the same start as in a cell that is not randomised
_LIT_M = (0.5, 0.0, 0.0)  # where every light points: the middle of the workspace


@dataclass(frozen=True)
class Range:
    """Training draws from [low, high), a held-out cell from [below, low) and [high, above)."""

    below: float
    low: float
    high: float
    above: float

    def draw(self, held_out: bool, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        """[size] values, each on its own; held out, the longer end gets the larger share."""
        if not held_out:
            return rng.uniform(self.low, self.high, size)
        end = self.low - self.below
        way = rng.uniform(0.0, end + self.above - self.high, size)
        return np.where(way < end, self.below + way, self.high + (way - end))


@dataclass(frozen=True)
class Ranges:
    """Everything that differs from cell to cell. Factors and shifts are of what the models say."""

    light_shift_m: Range = Range(-0.5, -0.25, 0.25, 0.5)  # of the lamp, each axis
    light_strength: Range = Range(0.4, 0.7, 1.3, 1.6)  # factor
    ambient_strength: Range = Range(0.7, 0.85, 1.15, 1.3)  # factor, of the light from everywhere
    light_tint: Range = Range(0.86, 0.93, 1.07, 1.14)  # factor, each of red, green and blue
    hue_rad: Range = Range(-0.7, -0.35, 0.35, 0.7)  # turn of a thing's colour
    saturation: Range = Range(0.6, 0.8, 1.2, 1.4)  # factor
    brightness: Range = Range(0.65, 0.8, 1.2, 1.35)  # factor
    camera_shift_m: Range = Range(-0.008, -0.004, 0.004, 0.008)  # each axis of the camera
    camera_turn_rad: Range = Range(-0.04, -0.02, 0.02, 0.04)  # about each axis of the camera
    camera_fov: Range = Range(0.94, 0.97, 1.03, 1.06)  # factor of the vertical field of view
    friction: Range = Range(0.6, 0.8, 1.2, 1.4)  # factor of every sliding friction
    command_delay_ms: Range = Range(0.0, 5.0, 20.0, 35.0)  # more than the settings say
    wrench_noise_n: Range = Range(0.0, 0.05, 0.3, 0.5)  # more than the settings say
    image_noise: Range = Range(0.0, 1.0, 4.0, 7.0)  # grey levels, more than the settings say


@dataclass(frozen=True)
class Imperfection:
    """What keeps an episode's cell from being ideal."""

    command_delay_ms: int
    wrench_noise_n: float  # standard deviation; torque gets a tenth of it in Nm
    image_noise: float  # standard deviation in grey levels


class Randomizer:
    """Changes a model in place, always from what it was when this was made."""

    def __init__(self, model: mujoco.MjModel, config: TwinConfig, ranges: Ranges | None = None) -> None:
        self._model, self._config, self._ranges = model, config, ranges or Ranges()
        self._rng = np.random.default_rng(0)
        head = model.vis.headlight
        self._head = {"ambient": head.ambient.copy(), "diffuse": head.diffuse.copy()}
        self._light_m, self._diffuse = model.light_pos.copy(), model.light_diffuse.copy()
        self._rgba, self._friction = model.geom_rgba.copy(), model.geom_friction.copy()
        self._camera_m, self._camera_quat = model.cam_pos.copy(), model.cam_quat.copy()
        self._fov_deg = model.cam_fovy.copy()

    def begin(self, seed: int) -> Imperfection:
        """Make the cell of an episode; switched off, nothing is touched and nothing drawn."""
        config, ranges = self._config, self._ranges
        if config.randomize == "off":
            return Imperfection(config.command_delay_ms, config.wrench_noise_n, config.image_noise)
        self._rng = np.random.default_rng([seed, _STREAM])
        self._light()
        for geoms in self._things():
            self._paint(geoms)
        for camera in range(self._model.ncam):
            self._move_camera(camera)
        self._model.geom_friction[:, 0] = self._friction[:, 0] * self._one(ranges.friction)
        return Imperfection(
            config.command_delay_ms + int(self._one(ranges.command_delay_ms)),
            config.wrench_noise_n + self._one(ranges.wrench_noise_n),
            config.image_noise + self._one(ranges.image_noise),
        )

    def _draw(self, values: Range, size: int) -> NDArray[np.float64]:
        return values.draw(self._config.randomize == "held_out", self._rng, size)

    def _one(self, values: Range) -> float:
        return float(self._draw(values, 1)[0])

    def _light(self) -> None:
        model, ranges = self._model, self._ranges
        tint = self._draw(ranges.light_tint, 3)
        ambient = self._one(ranges.ambient_strength) * tint
        for name, value in self._head.items():
            getattr(model.vis.headlight, name)[:] = value * ambient
        for i in range(model.nlight):
            model.light_pos[i] = self._light_m[i] + self._draw(ranges.light_shift_m, 3)
            way = np.array(_LIT_M) - model.light_pos[i]
            model.light_dir[i] = way / np.linalg.norm(way)
            model.light_diffuse[i] = self._diffuse[i] * self._one(ranges.light_strength) * tint

    def _things(self) -> list[NDArray[np.intp]]:
        """Indices of the geoms that belong together, so that a thing keeps the contrast between its parts."""
        roots = self._model.body_rootid[self._model.geom_bodyid]
        ours = self._model.geom_group != ARM_GROUP
        return [np.flatnonzero(ours & (roots == root)) for root in np.unique(roots[ours])]

    def _paint(self, geoms: NDArray[np.intp]) -> None:
        ranges = self._ranges
        hue = self._one(ranges.hue_rad) / (2 * np.pi)
        saturation, brightness = self._one(ranges.saturation), self._one(ranges.brightness)
        for geom in geoms:
            h, s, v = colorsys.rgb_to_hsv(*self._rgba[geom, :3].tolist())
            rgb = colorsys.hsv_to_rgb((h + hue) % 1.0, min(1.0, s * saturation), min(1.0, v * brightness))
            self._model.geom_rgba[geom, :3] = rgb

    def _move_camera(self, camera: int) -> None:
        model, ranges = self._model, self._ranges
        R = from_quat_xyzw(np.roll(self._camera_quat[camera], -1))
        model.cam_pos[camera] = self._camera_m[camera] + R @ self._draw(ranges.camera_shift_m, 3)
        turned = R @ exp_so3(self._draw(ranges.camera_turn_rad, 3))
        model.cam_quat[camera] = np.roll(quat_xyzw(turned), 1)
        model.cam_fovy[camera] = self._fov_deg[camera] * self._one(ranges.camera_fov)
