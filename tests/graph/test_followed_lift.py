"""A recorded demonstration seen by cameras: a plan is asked for, and a camera follows the cube."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.reward_race.twin_oracle import TwinOracle
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.rewards.config import RewardConfig
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.keypoints.question import View
from policies.rewards.planner import Planner
from policies.rewards.vlm.config import VlmConfig
from policies.tasks import TASKS
from robot.core.errors import ConfigError
from robot.core.host import LocalHost
from robot.session import graph
from robot.session.config import SessionConfig
from robot.session.job import Job
from robot.session.rewards import make_rewarder
from robot.session.session import prepare
from tests.vlm_servers.server import NOBODY, VlmServer

LIFT = TASKS.load("lift")
PATIENCE_S = 120.0


def settings(base_url: str = NOBODY, side_camera: str = "front") -> SessionConfig:
    reward = RewardConfig("shaped", vlm=VlmConfig(base_url, "test-vlm"), side_camera=side_camera)
    return SessionConfig(task="lift", host="local", demos=1, reward=reward)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run_dir, ask = tmp_path_factory.mktemp("run"), Planner.ask

    def ask_and_wait(planner: Planner, views: tuple[View, ...]) -> None:
        ask(planner, views)
        planner.wait(PATIENCE_S)  # so that nothing here depends on how fast this machine is

    with (
        VlmServer(TwinOracle(LIFT, settings().reward, (0,))) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(Planner, "ask", ask_and_wait)
        config = settings(server.base_url)
        prepare(run_dir, config)
        job = Job(run_dir, config, "demos")
        LocalHost([n for p in graph.CONTROL for n in graph.build(p, job)]).run()
    return run_dir


@pytest.fixture
def episode(run: Path) -> Episode:
    (recorded,) = EpisodeStore(run / "episodes").read_all("demo")
    return recorded


def test_every_label_names_the_plan(run: Path, episode: Episode) -> None:
    (plan,) = PlanStore(run / "plans").plans()
    assert plan.provenance == "vlm"
    assert set(episode.plan.tolist()) == {plan.version}
    np.testing.assert_allclose(np.ptp(plan.waypoints_m, axis=0), [0.0, 0.0, 0.1], atol=1e-6)


def test_the_potential_rises_as_the_cube_is_lifted(episode: Episode) -> None:
    height_m = -episode.state["arm/position"][:, 2]  # in the start's tool frame, whose z points down
    grasped = int(np.argmin(height_m))
    up = height_m[grasped:] - height_m[grasped] > 0.01
    on_the_way_up = episode.dense[grasped:][up]
    assert height_m[-1] > height_m[grasped] + 0.05
    assert (np.diff(on_the_way_up) > 0).all()
    assert 1.5 * episode.dense[: grasped + 1].max() < on_the_way_up[-1] < settings().reward.potential.weight


def test_a_session_whose_cameras_all_move_is_refused(tmp_path: Path) -> None:
    config = settings(side_camera="wrist")
    with pytest.raises(ConfigError, match="wrist on tool; want one on base that lift has"):
        make_rewarder(Job(tmp_path, config, "demos"))
