"""A keypoint plan drives the twin's arm in the place of a policy that only waits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reward_race.twin_oracle import TwinOracle
from policies.actor import ActorNode
from policies.base import NoBase
from policies.plan import EpisodePlan
from policies.replay.episode import Episode
from policies.replay.episode_store import EpisodeStore
from policies.rewards.config import RewardConfig
from policies.rewards.guidance import GuidanceConfig
from policies.rewards.keypoints.question import View
from policies.rewards.planner import Planner
from policies.rewards.vlm.config import VlmConfig
from policies.tasks import TASKS
from robot.core.errors import ConfigError
from robot.core.host import LocalHost
from robot.core.types import Source
from robot.session import graph
from robot.session.config import SessionConfig
from robot.session.job import Job
from robot.session.rewards import make_rewarder
from robot.session.session import prepare
from tests.vlm_servers.server import NOBODY, VlmServer

TASK = TASKS.load("lift_state")
EPISODES, PATIENCE_S = 8, 120.0
WHOLE_STEPS = 40  # a lift that the plan drives takes some thirty


def settings(base_url: str = NOBODY, share: float = 0.9, task: str = TASK.name) -> SessionConfig:
    reward = RewardConfig("shaped", vlm=VlmConfig(base_url, "test-vlm"), guidance=GuidanceConfig(share))
    return SessionConfig(task=task, host="local", demos=1, reward=reward, use_base=False)


def practised(run_dir: Path, explore: bool) -> list[Episode]:
    """Episodes of a policy that only waits, with a model that knows the twin's truth."""
    first = Job(run_dir, settings(), "online").plan().first_seed
    with VlmServer(TwinOracle(TASK, settings().reward, (first,))) as server:
        config = settings(server.base_url)
        prepare(run_dir, config)
        job = Job(run_dir, config, "online")
        plan = EpisodePlan("train", 0, first, episodes=EPISODES, explore=explore, teleop_allowed=False)
        labeller, base = make_rewarder(job), NoBase(TASK.action.size)
        actor = ActorNode(TASK, base, None, None, plan, threaded=False, labeller=labeller)
        around = [n for p in ("cell", "teleop", "recorder") for n in graph.build(p, job)]
        LocalHost([*around, actor]).run()
    return EpisodeStore(job.store_root).read_all("train")


@pytest.fixture(autouse=True)
def _plans_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Planner.ask

    def ask_and_wait(planner: Planner, views: tuple[View, ...]) -> None:
        ask(planner, views)
        planner.wait(PATIENCE_S)  # so that nothing here depends on how fast this machine is

    monkeypatch.setattr(Planner, "ask", ask_and_wait)


def test_where_it_drives_long_enough_the_cube_is_lifted_and_nowhere_else(tmp_path: Path) -> None:
    episodes = practised(tmp_path, explore=True)
    driven = [int((e.source == Source.GUIDE).sum()) for e in episodes]
    assert len(episodes) == EPISODES
    for episode, steps in zip(episodes, driven, strict=True):
        guided = episode.source == Source.GUIDE
        moved = np.abs(episode.action[:, :3]).max(axis=1) > 0
        assert not moved[~guided].any(), "the policy only waits"
        assert not guided[0], "the plan is asked for at the first observation"
        assert episode.success or steps < WHOLE_STEPS
        assert not episode.success or steps > 10
        assert (episode.plan[1:][guided] > 0).all()
    assert sum(e.success for e in episodes) >= 3


def test_what_is_not_tried_out_is_the_policy_s_alone(tmp_path: Path) -> None:
    episodes = practised(tmp_path, explore=False)
    assert len(episodes) == EPISODES
    assert not any((e.source == Source.GUIDE).any() for e in episodes)


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ("handover_state", "got a task of 2 arms, want one"),
        ("peg_insert_state", "want x, y, z and a gripper to grasp with"),
        ("flip_state", "want x, y, z and a gripper to grasp with"),
    ],
)
def test_a_task_that_it_cannot_do_is_refused_before_anything_is_made(
    task: str, problem: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=problem):
        prepare(tmp_path / "run", settings(task=task))
    assert not (tmp_path / "run").exists()


def test_a_wrong_plan_must_not_be_imitated_unasked(tmp_path: Path) -> None:
    residual = replace(SessionConfig().learner.residual, bc_filter=False)
    learner = replace(SessionConfig().learner, residual=residual)
    with pytest.raises(ConfigError, match="bc_filter: got false, want true"):
        prepare(tmp_path / "run", replace(settings(), learner=learner))
