"""A session without a model: it asks a person, never waits for them, and goes on with what they clicked."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.operator_question import Clicks, OperatorDesk
from robot.core.types import Outcome
from tests.unit import reward_scene as scene
from tests.vlm_servers.reward_rig import PATIENCE_S, Episode, Rig, rig
from tests.vlm_servers.server import NOBODY, VlmServer
from tests.vlm_servers.test_reanchored import GONE, MOVED, SHIFT, played, told

UP = np.array([0.0, 0.0, 0.1])


def click(desk: OperatorDesk, grasp: np.ndarray, target: np.ndarray) -> None:
    question = desk.question()
    assert question is not None
    cameras = question.cameras
    points = {
        name: {c: cam.project(at)[0] for c, cam in cameras.items()}
        for name, at in (("grasp", grasp), ("target", target))
    }
    desk.answer(Clicks("anna", points))


def desk_of(run: Path) -> OperatorDesk:
    return OperatorDesk(run / "plans" / "asked")


def test_a_clicked_plan_rewards_the_episodes_after_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made, desk = rig(NOBODY, tmp_path), desk_of(tmp_path)
    assert played(made, 0).plan == 0
    assert desk.waiting
    (line,) = told(caplog)
    assert f"nudge reward click {tmp_path}" in line
    click(desk, scene.RED, scene.RED + UP)
    episode = Episode(made, 1, MOVED)
    first = episode.wait()
    lifted = [episode.label(lift=True).dense for _ in range(8)]
    made.close()
    assert (np.diff([first.dense, *lifted]) > 0).all()
    clicked, moved = PlanStore(tmp_path / "plans").plans()
    assert (clicked.provenance, clicked.model) == ("operator", "anna")
    assert (moved.provenance, moved.parent_id) == ("reanchored", clicked.id)
    # A picture of each from both cameras, by which a person decides on a veto.
    pictures = sorted(p.name for p in (tmp_path / "plans").glob("*.jpg"))
    assert pictures == ["0001.side.jpg", "0001.top.jpg", "0002.side.jpg", "0002.top.jpg"]
    np.testing.assert_allclose(moved.waypoints_m, np.array([scene.RED, scene.RED + UP]) + SHIFT, atol=0.003)


def test_the_first_scene_waits_until_it_is_answered_and_the_next_question_takes_its_place(
    tmp_path: Path,
) -> None:
    made, desk = rig(NOBODY, tmp_path), desk_of(tmp_path)
    played(made, 0)
    first = desk.question()
    played(made, 1, MOVED)
    again = desk.question()
    assert first is not None
    assert again is not None
    assert again.image_shas == first.image_shas
    click(desk, scene.RED, scene.RED + UP)
    assert played(made, 2).plan > 0
    assert played(made, 3, GONE).plan == 0  # nothing looks like its object: another scene is asked about
    made.close()
    newest = desk.question()
    assert desk.waiting
    assert newest is not None
    assert newest.image_shas != first.image_shas
    assert "nor can plan 1 be re-anchored" in newest.why


def test_clicks_on_nothing_are_told_and_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made, desk = rig(NOBODY, tmp_path), desk_of(tmp_path)
    played(made, 0)
    bare = scene.RED + np.array([0.06, 0.06, 0.0])
    click(desk, bare, bare + UP)
    assert played(made, 1).plan == 0
    made.close()
    assert "asked for again" in caplog.text
    assert "click on the object" in caplog.text
    assert desk.waiting
    assert PlanStore(tmp_path / "plans").plans() == ()


def test_a_resumed_session_goes_on_with_the_clicked_plan(tmp_path: Path) -> None:
    def resumed() -> Rig:
        return rig(NOBODY, tmp_path)

    made, desk = resumed(), desk_of(tmp_path)
    played(made, 0)
    click(desk, scene.RED, scene.RED + UP)
    assert played(made, 1).plan == 2
    made.close()
    made = resumed()
    assert played(made, 2, MOVED).plan == 3
    made.close()
    plans = PlanStore(tmp_path / "plans").plans()
    assert [p.provenance for p in plans] == ["operator", "reanchored", "reanchored"]
    assert plans[1].parent_id == plans[2].parent_id == plans[0].id


def missed(made: Rig, first_id: int) -> None:
    """Three successes that the plan does not recognise."""
    for number in range(first_id, first_id + 3):
        assert played(made, number).plan > 0
        made.rewarder.end(Outcome.SUCCESS, helped=False)


def test_a_person_can_click_once_the_model_was_found_misleading(tmp_path: Path) -> None:
    with VlmServer(lambda request: scene.lifting_reply()) as server:
        made, desk, store = rig(server.base_url, tmp_path), desk_of(tmp_path), PlanStore(tmp_path / "plans")
        missed(made, 0)
        asked = server.count
        assert played(made, 3).plan == 0
        click(desk, scene.RED, scene.RED + 1.5 * UP)
        missed(made, 4)  # people err too
        assert played(made, 7).plan == 0
        made.close()
        made = rig(server.base_url, tmp_path)  # a process that was killed begins where it stopped
        assert played(made, 8).plan == 0
        assert desk.waiting
        click(desk, scene.RED, scene.RED + UP)
        episode = Episode(made, 9)
        first = episode.wait()
        lifted = [episode.label(lift=True).dense for _ in range(8)]
        made.close()
    assert (np.diff([first.dense, *lifted]) > 0).all()
    assert server.count == asked
    plans = store.plans()
    assert {v.plan_id for v in store.vetoes()} == {p.id for p in plans[:-2]}
    assert [p.provenance for p in plans[-2:]] == ["operator", "reanchored"]


def test_a_damaged_answer_is_told_and_asked_for_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    made, desk = rig(NOBODY, tmp_path), desk_of(tmp_path)
    played(made, 0)
    (desk.folder / "answer.json").write_text("{")
    assert played(made, 1).plan == 0
    made.close()
    assert "is damaged" in caplog.text
    assert desk.waiting


def test_no_look_waits_for_the_person(tmp_path: Path) -> None:
    made = rig(NOBODY, tmp_path)
    episode = Episode(made, 0)
    episode.label()
    made.planner.wait(PATIENCE_S)
    for _ in range(20):
        episode.label()
    made.close()
    assert episode.longest_s < 0.25
