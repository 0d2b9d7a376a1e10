"""The dense reward of a session whose model is well, slow, wrong or gone: control never waits for it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from policies.rewards import rewarder as rewarder_module
from policies.rewards.followed import FollowedPoint, MakeObject, Moment
from policies.rewards.guidance import GuidanceConfig
from policies.rewards.keypoints.plan_store import PlanStore
from policies.rewards.plan_views import PlanViews
from policies.rewards.rewarder import Rewarder
from policies.rewards.shaping.alarms import AlarmConfig
from policies.rewards.true_object import TrueObject
from robot.core.types import Label, Outcome
from tests.unit import reward_scene as scene
from tests.vlm_servers.faulty import Fault, FaultyServer
from tests.vlm_servers.reward_rig import PATIENCE_S, PERIOD_S, UP, Episode, Rig, rig
from tests.vlm_servers.server import VlmServer

HELD_UP_S = 0.25  # a look takes microseconds, but for a busy machine; a slow answer takes 30 s here
REPLY = scene.lifting_reply()
# What the log says where no plan came of it; the others end in a plan.
TOLD = {
    Fault.ERROR_500: "500",
    Fault.ERROR_503: "503",
    Fault.BUSY_429: "429",
    Fault.HANG: "TimedOut",
    Fault.SLOW_DRIP: "TimedOut",
    Fault.SLOW_HEADERS: "TimedOut",
    Fault.LATENCY: "TimedOut",
    Fault.RESET: "Unreachable",
    Fault.TRUNCATED_STREAM: "Unreachable",
    Fault.MALFORMED_BODY: "not",
    Fault.EMPTY_CHOICES: "choices",
    Fault.NO_TEXT: "text",
    Fault.TRUNCATED_JSON: "PlanReply",
    Fault.MALFORMED_JSON: "PlanReply",
    Fault.WRONG_SCHEMA: "PlanReply",
    Fault.CUT: "max_tokens",
    Fault.REFUSES: "400",
    Fault.ENDLESS: "bytes",
}


def test_a_plan_comes_while_the_episode_goes_on_and_rewards_what_the_object_does(tmp_path: Path) -> None:
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path)
        episode = Episode(made)
        assert episode.label() == Label()
        first = episode.wait()
        lifted = [episode.label(lift=True) for _ in range(8)]
        made.close()
    weight = scene.CONFIG.potential.weight * 0.5  # the plan's confidence
    assert 0 < first.dense < 0.3 * weight
    assert (np.diff([x.dense for x in lifted]) > 0).all()
    assert 0.8 * weight < lifted[-1].dense <= weight
    (plan,) = PlanStore(tmp_path / "plans").plans()
    assert {x.plan for x in lifted} == {plan.version} == {1}
    np.testing.assert_allclose(plan.waypoints_m, [scene.RED, scene.RED + 8 * UP], atol=0.004)


class SlowObject(TrueObject):
    """Followed with cameras on a busy machine."""

    def follow(self, now: Moment) -> FollowedPoint:
        time.sleep(0.03)
        return super().follow(now)


@pytest.mark.parametrize(("follow", "counts"), [(TrueObject, [6, 1, 1, 1, 1]), (SlowObject, [1, 1, 1, 1, 1])])
def test_a_plan_that_comes_late_rewards_the_episode_from_its_start(
    follow: MakeObject, counts: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if follow is TrueObject:  # microseconds a look, but the machine may be busy with something else
        monkeypatch.setattr(rewarder_module, "_CATCH_UP_S", PATIENCE_S)
    with VlmServer(lambda request: REPLY) as server:
        planner = rig(server.base_url, tmp_path).planner
        rewarder = Rewarder(scene.CONFIG, "arm", PlanViews(scene.MOUNTS), planner, follow)
        scene.show(rewarder.hear)
        tools = scene.RED + np.linspace(9, 0, 10)[:, None] * UP
        seen = [scene.sensed(t, tool, scene.RED, 0) for t, tool in enumerate(tools)]
        words = [rewarder.label(now) for now in seen[:5]]
        planner.wait(PATIENCE_S)
        words += [rewarder.label(now) for now in seen[5:]]
        words.append(rewarder.rest())
        rewarder.close()
    assert [len(w) for w in words] == [0, 0, 0, 0, 0, *counts, 10 - sum(counts)]
    labels = [label for some in words for label in some]
    assert all(label.plan == 1 for label in labels)
    assert (np.diff([label.dense for label in labels]) > 0).all()


def guided(made: Rig, episode_id: int, planned: bool = True) -> int:
    """The steps that the plan drives in an episode of a tool that waits."""
    episode, driven = Episode(made, episode_id), 0
    assert made.rewarder.guide(scene.sensed(0, episode.tool, episode.red, episode_id)) is None
    if planned:
        episode.label()
        made.planner.wait(PATIENCE_S)
    for _ in range(40):
        now = scene.sensed(episode.step, episode.tool, episode.red, episode_id)
        driven += made.rewarder.guide(now) is not None
        episode.label()
    return driven


# Episodes cut off, and those that a person helped with, say nothing of the plan.
SAYS_NOTHING = [(Outcome.ABORTED, False), (Outcome.FAILURE, True)]


@pytest.mark.parametrize(("outcome", "helped"), [*SAYS_NOTHING, (Outcome.FAILURE, False)])
def test_a_plan_drives_once_it_is_there_and_less_often_where_it_fails(
    outcome: Outcome, helped: bool, tmp_path: Path
) -> None:
    config = replace(scene.CONFIG, guidance=GuidanceConfig(0.9), alarms=AlarmConfig(episodes=99))
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path, config)
        driven = []
        for n in range(20):
            driven.append(guided(made, n))
            if driven[-1]:
                made.rewarder.end(outcome, helped)
        last = [guided(made, n) for n in range(20, 32)]
        made.close()
    assert max(driven) > 10
    assert (sum(d > 0 for d in last) >= 6) == ((outcome, helped) in SAYS_NOTHING)


def test_a_reward_that_pays_failures_takes_back_all_it_paid(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    config = replace(scene.CONFIG, alarms=AlarmConfig(episodes=4))
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path, config)
        for n in range(4):
            failed, episode = bool(n % 2), Episode(made, n)
            episode.wait()
            paid = [episode.label(lift=failed).dense for _ in range(8)]
            assert max(paid) > 0.0
            made.rewarder.end(Outcome.FAILURE if failed else Outcome.SUCCESS, helped=False)
        asked, store = server.count, PlanStore(tmp_path / "plans")
        assert {v.plan_id for v in store.vetoes()} == {p.id for p in store.plans()}
        assert "4 plans vetoed" in caplog.text
        again = rig(server.base_url, tmp_path, config)  # a process that was killed begins where it stopped
        for n, one in enumerate((made, again), start=4):
            episode = Episode(one, n)
            labels = [episode.label()]
            one.planner.wait(PATIENCE_S)
            assert labels + [episode.label(lift=True) for _ in range(8)] == [Label()] * 9
            one.rewarder.end(Outcome.SUCCESS, helped=False)
            one.close()
    assert server.count == asked
    assert len(store.plans()) == len(store.vetoes()) == 4
    assert "the model is not asked any more" in caplog.text


@pytest.mark.parametrize("steps", [8, 1])
def test_three_demonstrations_that_a_plan_does_not_recognise_are_enough(steps: int, tmp_path: Path) -> None:
    """Progress is judged against what this plan could pay: an unsure one is no wrong one."""
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path)
        for n in range(3):
            episode = Episode(made, n)
            episode.wait()
            for _ in range(steps):
                episode.label(lift=True)
            made.rewarder.end(Outcome.SUCCESS, helped=True)
        made.close()
    assert len(PlanStore(tmp_path / "plans").vetoes()) == (0 if steps == 8 else 3)


def test_without_a_plan_the_policy_drives(tmp_path: Path) -> None:
    made = rig(scene.VLM.base_url, tmp_path, replace(scene.CONFIG, guidance=GuidanceConfig(0.9)))
    assert not any(guided(made, n) for n in range(3))
    made.close()


def test_the_tool_alone_earns_nothing_by_leaving(tmp_path: Path) -> None:
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path)
        episode = Episode(made)
        first = episode.wait()
        for _ in range(8):
            episode.tool = episode.tool + UP
            label = episode.label()
        made.close()
    assert label.dense < first.dense


def test_the_next_episode_does_not_go_by_the_last_one_s_plan_and_the_cache_knows_the_scene(
    tmp_path: Path,
) -> None:
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path)
        Episode(made).wait()
        again = Episode(made, episode_id=1)
        assert again.label() == Label()
        assert again.wait().plan == 2
        made.close()
        assert server.count == 1
    assert [p.provenance for p in PlanStore(tmp_path / "plans").plans()] == ["vlm", "cache"]


def test_kagi_s_rule_pays_for_where_the_tool_is(tmp_path: Path) -> None:
    config = replace(scene.CONFIG, rule="kagi")
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path, config)
        episode = Episode(made)
        first = episode.wait()
        episode.tool = scene.RED + 8 * UP
        there = episode.label()
        made.close()
    assert 0 < first.dense < there.dense
    assert there.dense == pytest.approx(config.kagi_highest, abs=0.02)


def test_every_fault_is_met_here() -> None:
    assert set(TOLD) | _HEALED == set(Fault)


_HEALED = {
    Fault.WRAPPED_JSON,
    Fault.IGNORES_SCHEMA,
    Fault.REJECTS_SCHEMA,
    Fault.REJECTS_FORMATS,
    Fault.WANTS_OTHER_LIMIT,
    Fault.SWAPPED,
}


@pytest.mark.parametrize("fault", TOLD, ids=lambda fault: fault.name)
def test_without_a_plan_the_session_goes_on_with_the_sparse_reward_and_says_why_once(
    fault: Fault, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    with FaultyServer(fault, lambda request: REPLY, latency_s=PATIENCE_S, retry_after="3600") as server:
        endless = TOLD[fault] == "TimedOut"
        made = rig(server.base_url, tmp_path, deadline_s=0.6 if endless else PATIENCE_S)
        for episode_id in range(2):
            episode = Episode(made, episode_id)
            give_up_s = time.monotonic() + PATIENCE_S
            while made.planner.asking or not episode.step > 3:
                assert episode.label() == Label()
                assert time.monotonic() < give_up_s
                time.sleep(PERIOD_S)
            assert episode.longest_s < HELD_UP_S
        made.close()
    told = [r.message for r in caplog.records if r.name == "policies.rewards.planner"]
    assert len(told) == 1
    assert "the reward is the sparse one alone" in told[0]
    assert TOLD[fault] in told[0]
    assert f"nudge reward click {tmp_path}" in told[0]
    assert PlanStore(tmp_path / "plans").plans() == ()


@pytest.mark.parametrize("fault", sorted(_HEALED, key=lambda f: f.name), ids=lambda fault: fault.name)
def test_what_the_client_can_heal_ends_in_a_plan(fault: Fault, tmp_path: Path) -> None:
    with FaultyServer(fault, lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path)
        episode = Episode(made)
        assert episode.wait().plan == 1
        made.close()
    assert episode.longest_s < HELD_UP_S


def test_it_says_so_when_plans_are_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with FaultyServer(Fault.ERROR_500, lambda request: REPLY, times=2) as server:
        made = rig(server.base_url, tmp_path)
        first = Episode(made)
        first.label()
        while made.planner.asking:
            assert first.label() == Label()
            time.sleep(PERIOD_S)
        assert Episode(made, 1).wait().plan == 1
        made.close()
    told = [r.message for r in caplog.records if r.name == "policies.rewards.planner"]
    assert len(told) == 2
    assert "back" in told[1]


def test_in_lockstep_a_plan_is_as_late_as_in_a_real_cell_and_no_later(tmp_path: Path) -> None:
    with VlmServer(lambda request: REPLY) as server:
        made = rig(server.base_url, tmp_path, lockstep=True)
        episode = Episode(made)
        began_s = time.monotonic()
        while not episode.words:
            episode.label()  # no sleep: the steps themselves take next to nothing
            assert time.monotonic() - began_s < PATIENCE_S
        took_s = time.monotonic() - began_s
        made.close()
    assert episode.step * 0.1 <= took_s + 0.2
