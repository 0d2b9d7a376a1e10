"""Every registered thing keeps its contract: a new entry is tested without a new test."""

from __future__ import annotations

import numpy as np
import pytest

import sim  # noqa: F401  # chooses the GL library before MuJoCo is imported
from policies.encoders import ENCODERS
from policies.tasks import TASKS
from robot.arguments import Train
from robot.cli import session_config
from robot.core.config import from_dict, to_dict
from robot.core.registry import Registry
from robot.core.types import RobotState
from robot.session.config import PRESETS, SessionConfig, preset
from robot.session.rigs import load_rig
from robot.session.unattended import check_unattended
from robot.task import Task
from sim.rendering import Renderer
from sim.scenes import SCENES
from sim.twin import Twin, make_twin
from tests.graph.driving import GuardedTwin, steps_to_success


@pytest.mark.parametrize("registry", [TASKS, SCENES, ENCODERS], ids=lambda r: r.kind)
def test_every_name_loads(registry: Registry) -> None:
    assert len(registry) > 0
    for name in registry:
        assert registry.load(name) is not None


@pytest.fixture(params=list(TASKS))
def task(request: pytest.FixtureRequest) -> Task:
    return TASKS.load(request.param)


@pytest.fixture
def twin(task: Task) -> Twin:
    return make_twin(task)


def test_a_task_is_called_what_the_registry_calls_it(task: Task) -> None:
    assert TASKS.load(task.name) is task


def test_a_tasks_waypoints_and_cameras_exist_in_its_cell(task: Task, twin: Twin) -> None:
    twin.reset(0)
    frames = set(twin.scene.poses(twin.model, twin.data))
    tools = {task.tool_frame(arm) for arm in task.arms}
    lanes = {name for w in task.waypoints for name in w.lane or ()}
    assert {w.frame for w in task.waypoints} | lanes | set(task.privileged) | tools <= frames
    assert {w.arm for w in task.waypoints} <= {"", *task.arms}
    assert {w.after for w in task.waypoints} <= {"", *(w.name for w in task.waypoints)}
    renderer = Renderer(twin.model, (32, 48))
    for camera in task.cameras:
        pixels = renderer.draw(twin.data, camera)
        assert (pixels.shape, pixels.dtype) == ((32, 48, 3), np.uint8)
        assert pixels.std() > 5  # it looks at something
    renderer.close()


def test_a_cell_starts_inside_its_workspace_and_unsolved(task: Task, twin: Twin) -> None:
    low, high = np.array(task.workspace.low_m), np.array(task.workspace.high_m)
    for seed in range(20):
        twin.reset(seed)
        for arm in task.arms:
            position = twin.state(arm=arm).T_base_tcp[:3, 3]
            assert (position > low - 1e-3).all()
            assert (position < high + 1e-3).all()
        assert not twin.scene.success(twin.model, twin.data)


def test_a_task_that_starts_unattended_can_on_its_own_rig(task: Task) -> None:
    if task.starts:
        check_unattended(load_rig(task.rig), task)


def test_a_tasks_settings_are_a_sessions(task: Task) -> None:
    assert session_config(Train(task=task.name)).demos == task.settings.get("demos", SessionConfig().demos)
    assert session_config(Train(task=task.name, demos=3)).demos == 3


def test_the_tool_stays_in_the_workspace_whatever_is_asked(task: Task) -> None:
    rng = np.random.default_rng(0)
    low, high = np.array(task.workspace.low_m), np.array(task.workspace.high_m)
    guarded = GuardedTwin(SCENES.load(task.scene)(), task)
    guarded.reset(3)
    for _ in range(60):
        axes = [np.sign(rng.normal(size=6)) for _ in task.arms]
        guarded.drive([spec.from_axes(a, 0.0) for spec, a in zip(task.action.arms, axes, strict=True)])
        for arm in task.arms:
            position = guarded.twin.state(arm=arm).T_base_tcp[:3, 3]
            assert (position > low - 0.006).all()  # the reference is inside; the arm overshoots a little
            assert (position < high + 0.006).all()


def test_a_reset_is_its_seeds(task: Task, twin: Twin) -> None:
    def start(seed: int) -> RobotState:
        twin.reset(seed)
        return twin.state()

    first, again, other = start(5), start(5), start(6)
    assert np.array_equal(first.q, again.q)
    assert np.array_equal(first.wrench, again.wrench)
    assert not np.array_equal(first.q, other.q)


def test_the_scripted_operator_solves_it(task: Task) -> None:
    guarded = GuardedTwin(SCENES.load(task.scene)(), task)
    solved = [steps_to_success(guarded, task, seed) for seed in range(4)]
    assert sum(steps is not None for steps in solved) >= 3, solved


@pytest.mark.parametrize("name", list(ENCODERS))
def test_an_encoder_encodes_once_and_for_all(name: str) -> None:
    encoder = ENCODERS.load(name)()
    rng = np.random.default_rng(0)
    images = {c: rng.integers(0, 256, (128, 128, 3)).astype(np.uint8) for c in ("wrist", "front")}
    features = encoder.encode(images)
    assert {c: (f.shape, f.dtype) for c, f in features.items()} == {
        c: (encoder.shape, np.dtype(np.float16)) for c in images
    }
    again = ENCODERS.load(name)()
    assert again.fingerprint == encoder.fingerprint
    assert all(np.array_equal(features[c], f) for c, f in again.encode(images).items())


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_survives_its_file(name: str) -> None:
    config = preset(name)
    assert config.preset == name
    assert from_dict(SessionConfig, to_dict(config)) == config
