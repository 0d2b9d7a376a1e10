"""A session whose model goes away: its last plan is moved to where the object lies, and the log says so."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from policies.rewards.keypoints.plan import KeypointPlan
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.vetoes import Vetoes
from robot.core.types import Label
from tests.unit import reward_scene as scene
from tests.vlm_servers.chat import ChatRequest
from tests.vlm_servers.reward_rig import PATIENCE_S, Episode, Rig, rig
from tests.vlm_servers.server import VlmServer

SHIFT = np.array([0.03, -0.02, 0.0])
MOVED = scene.Squares(red=scene.RED + SHIFT, blue=scene.BLUE - SHIFT)
GONE = scene.Squares(red=None)


class FakeModel:
    """Answers while it is well, with a plan for the first scene."""

    well = True

    def __call__(self, request: ChatRequest) -> str:
        return scene.lifting_reply() if self.well else "I would rather not."


def played(made: Rig, episode_id: int, squares: scene.Squares = scene.AT_FIRST) -> Label:
    """The label once nothing is asked any more."""
    episode = Episode(made, episode_id, squares)
    episode.label()
    made.planner.wait(PATIENCE_S)
    return episode.label()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    logger = "policies.rewards.planner"
    return [r.message for r in caplog.records if r.name == logger and r.levelno >= logging.WARNING]


def plans(run: Path) -> tuple[KeypointPlan, ...]:
    return PlanStore(run / "plans").plans()


def test_a_server_that_went_down_leaves_its_plan_which_follows_the_object(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with VlmServer(FakeModel()) as server:
        made = rig(server.base_url, tmp_path)
        assert played(made, 0).plan == 1
    assert [played(made, 1, MOVED).plan, played(made, 2, MOVED).plan] == [2, 3]
    episode = Episode(made, 3, MOVED)
    first = episode.wait()
    lifted = [episode.label(lift=True).dense for _ in range(8)]
    made.close()
    assert (np.diff([first.dense, *lifted]) > 0).all()
    parent, *moved = plans(tmp_path)
    for plan in moved:
        assert (plan.provenance, plan.parent_id) == ("reanchored", parent.id)
        assert 0.5 * parent.confidence < plan.confidence <= 0.7 * parent.confidence
        np.testing.assert_allclose(plan.waypoints_m, parent.waypoints_m + SHIFT, atol=0.003)
    (line,) = told(caplog)
    assert "re-anchored since" in line
    assert "Unreachable" in line


def test_the_log_says_when_the_mode_changes_and_when_plans_are_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = FakeModel()
    with VlmServer(model) as server:
        made = rig(server.base_url, tmp_path)
        used = [played(made, 0).plan]
        model.well = False
        used += [played(made, 1, MOVED).plan, played(made, 2, GONE).plan]
        model.well = True
        used.append(played(made, 3).plan)
        made.close()
    assert used == [1, 2, 0, 3]
    assert [p.provenance for p in plans(tmp_path)] == ["vlm", "reanchored", "cache"]
    moved, none, back = told(caplog)
    assert "re-anchored" in moved
    assert "PlanReply" in moved
    assert "the reward is the sparse one alone" in none
    assert "nor can plan 1 be re-anchored: " in none
    assert "nothing looks like the object of plan 1" in none
    assert "back" in back


def test_a_veto_ends_re_anchoring_and_counts_for_what_was_moved_before(tmp_path: Path) -> None:
    with VlmServer(FakeModel()) as server:
        made = rig(server.base_url, tmp_path)
        assert played(made, 0).plan == 1
    assert played(made, 1, MOVED).plan == 2
    store = PlanStore(tmp_path / "plans")
    store.veto(plans(tmp_path)[0].id, "grasps beside it", "me", 5)
    assert played(made, 2, MOVED) == Label()
    made.close()
    vetoes = Vetoes(store)
    assert vetoes.changed()
    assert vetoes.versions == {1, 2}
