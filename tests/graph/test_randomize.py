"""Randomised cells: their ranges, what a seed makes of one, and that the task can be seen and done there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import mujoco
import numpy as np
import pytest

from policies.tasks import TASKS
from robot.cell_config import Randomize, TwinConfig
from robot.core.se3 import inverse, transform
from sim.camera import camera_info
from sim.randomize import Randomizer, Range, Ranges
from sim.scenes import SCENES
from sim.scenes.scene import ARM_GROUP
from sim.twin import Twin, make_twin
from tests.graph.driving import GuardedTwin, steps_to_success

PEG = TASKS.load("peg_insert")
MODEL_PARTS = ("light_pos", "light_dir", "light_diffuse", "geom_rgba", "geom_friction", "cam_pos", "cam_quat")


def cell(randomize: Randomize) -> Twin:
    return make_twin(PEG, TwinConfig(randomize=randomize))


def look(twin: Twin) -> dict[str, np.ndarray]:
    """All of the model that a cell may differ in."""
    head = twin.model.vis.headlight
    parts = {name: getattr(twin.model, name).copy() for name in (*MODEL_PARTS, "cam_fovy")}
    return parts | {"ambient": head.ambient.copy(), "diffuse": head.diffuse.copy()}


@pytest.mark.parametrize("name", [f.name for f in fields(Ranges)])
def test_held_out_lies_beyond_training_on_either_side(name: str) -> None:
    values: Range = getattr(Ranges(), name)
    assert values.below < values.low < values.high < values.above
    rng = np.random.default_rng(0)
    trained, held_out = values.draw(False, rng, 1000), values.draw(True, rng, 1000)
    assert values.low <= trained.min() < trained.max() < values.high
    below, above = held_out[held_out < values.low], held_out[held_out >= values.high]
    assert len(below) + len(above) == 1000
    assert min(len(below), len(above)) > 100
    assert values.below <= below.min()
    assert above.max() < values.above


def test_switched_off_nothing_changes() -> None:
    twin = cell("off")
    before = look(twin)
    twin.reset(7)
    for name, value in look(twin).items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


@pytest.mark.parametrize("randomize", ["train", "held_out"])
def test_a_seed_makes_its_cell_whatever_came_before(randomize: Randomize) -> None:
    first, other = cell(randomize), cell("off")
    first.reset(5)
    fresh = look(first)
    first.reset(6)
    another = look(first)
    first.reset(5)
    for name, value in look(first).items():
        np.testing.assert_array_equal(value, fresh[name], err_msg=name)
        assert (value != another[name]).any(), name
    other.reset(5)
    np.testing.assert_array_equal(first.data.mocap_pos, other.data.mocap_pos)  # the start is the seed's alone


def test_things_change_colour_and_the_arm_keeps_its_own() -> None:
    twin, plain = cell("train"), cell("off").model.geom_rgba
    twin.reset(1)
    changed = (twin.model.geom_rgba != plain).any(axis=1)
    named = {name: bool(changed[twin.model.geom(name).id]) for name in ("table", "peg", "left_pad")}
    assert named == {"table": True, "peg": True, "left_pad": False}
    assert changed[twin.model.geom_bodyid == twin.model.body("socket").id].all()
    np.testing.assert_array_equal(changed, twin.model.geom_group != ARM_GROUP)


def test_delay_and_noise_come_on_top_of_the_settings() -> None:
    model = cell("off").model
    config = TwinConfig(randomize="train", command_delay_ms=30, wrench_noise_n=1.0, image_noise=10.0)
    drawn = [Randomizer(model, config).begin(seed) for seed in range(50)]
    for name, low, high in (
        ("command_delay_ms", 35, 49),
        ("wrench_noise_n", 1.05, 1.3),
        ("image_noise", 11.0, 14.0),
    ):
        values = [getattr(d, name) for d in drawn]
        assert low <= min(values) < max(values) <= high, name


def reached(twin: Twin) -> np.ndarray:
    """Joint angles 30 ms into a motion in the air."""
    twin.reset(4)
    twin.advance(twin.state().T_base_tcp @ transform(np.eye(3), [0.004, 0, 0]), 0.03)
    return twin.data.qpos[:7].copy()


def test_commands_come_as_late_as_was_drawn() -> None:
    randomised = TwinConfig(randomize="held_out")
    drawn_ms = Randomizer(cell("off").model, randomised).begin(4).command_delay_ms
    late = reached(make_twin(PEG, TwinConfig(command_delay_ms=drawn_ms)))
    np.testing.assert_array_equal(reached(make_twin(PEG, randomised)), late)
    assert (reached(cell("off")) != late).any()


def socket_pixels(twin: Twin, camera: str) -> Iterator[np.ndarray]:
    """Where the four corners of the mouth are in the frame, after many resets."""
    for seed in range(40):
        twin.reset(seed)
        mujoco.mj_forward(twin.model, twin.data)
        view = twin.data.camera(camera)
        T_cam_base = inverse(transform(view.xmat.reshape(3, 3), view.xpos))
        T_base_socket = twin.scene.poses(twin.model, twin.data)["socket"]
        K = camera_info(twin.model, camera, PEG.image_size, 0).K
        for x, y in ((1, 1), (1, -1), (-1, -1), (-1, 1)):
            corner = T_cam_base @ T_base_socket @ [0.01 * x, 0.01 * y, 0.0, 1.0]
            yield (K @ [corner[0], -corner[1], -corner[2]] / -corner[2])[:2]  # MuJoCo's looks along -z, y up


@pytest.mark.parametrize("camera", PEG.cameras)
@pytest.mark.parametrize("randomize", ["off", "train", "held_out"])
def test_the_mouth_of_the_socket_stays_in_the_frame(randomize: Randomize, camera: str) -> None:
    pixels = np.array(list(socket_pixels(cell(randomize), camera)))
    assert pixels.min() > 0
    assert pixels.max() < PEG.image_size - 1


@pytest.mark.parametrize("name", ["peg_insert", "lift"])
def test_the_operator_solves_held_out_cells(name: str) -> None:
    task = TASKS.load(name)
    guarded = GuardedTwin(SCENES.load(task.scene)(), task, TwinConfig(randomize="held_out"))
    needed = [steps_to_success(guarded, task, seed) for seed in range(4)]
    assert sum(n is not None for n in needed) >= 3, needed
