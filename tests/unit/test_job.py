"""Plans follow from the store, so that a restarted actor goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from policies.plan import EpisodePlan
from policies.replay.episode_store import EpisodeStore
from robot.core.types import Outcome
from robot.session.config import SessionConfig
from robot.session.job import Job, Stage
from tests.unit.counting_episode import end, header, step

CONFIG = SessionConfig(
    task="peg_insert_state", seed=2, demos=5, online_steps=100, eval_episodes=7, eval_workers=3
)


def job(root: Path, stage: Stage, worker: int = 0, **changes: object) -> Job:
    return Job(root, replace(CONFIG, **changes), stage, worker)


def record(job: Job, mode: str, *episodes: tuple[int, Outcome]) -> None:
    """Episodes of so many steps with that outcome, with the next free numbers."""
    store = EpisodeStore(job.store_root)
    for steps, outcome in episodes:
        number = store.next_id()
        writer = store.begin(header(number, mode))
        for t in range(steps):
            writer.append(step(number, t))
        writer.finish(end(number, steps, outcome))
    store.close()


def test_demos_left_are_the_successes_still_missing(tmp_path: Path) -> None:
    demos = job(tmp_path, "demos")
    fresh = demos.plan()
    assert (fresh.mode, fresh.successes, fresh.first_episode_id, fresh.throttled) == ("demo", 5, 0, False)
    record(demos, "demo", (2, Outcome.SUCCESS), (2, Outcome.TIME_LIMIT), (2, Outcome.SUCCESS))
    left = demos.plan()
    assert (left.successes, left.first_episode_id, left.first_seed) == (3, 3, fresh.first_seed + 3)


@pytest.mark.parametrize("allowed", [True, False])
def test_online_steps_left_count_train_episodes_alone(tmp_path: Path, allowed: bool) -> None:
    online = job(tmp_path, "online", interventions=allowed)
    first_seed = online.plan().first_seed
    record(online, "demo", (4, Outcome.SUCCESS))
    record(online, "train", (3, Outcome.ABORTED), (5, Outcome.SUCCESS))
    plan = online.plan()
    assert (plan.mode, plan.steps, plan.steps_before, plan.first_episode_id) == ("train", 92, 8, 3)
    assert plan.first_seed == first_seed + 2
    assert (plan.teleop_allowed, plan.explore, plan.throttled) == (allowed, True, True)


@pytest.mark.parametrize("episodes", [3, 7, 100])
def test_eval_shares_cover_every_episode_once(tmp_path: Path, episodes: int) -> None:
    shares = [job(tmp_path, "final_eval", w, eval_episodes=episodes).eval_share() for w in range(3)]
    assert [n for share in shares for n in share] == list(range(episodes))
    assert np.ptp([len(s) for s in shares]) <= 1


def test_an_evaluation_runs_a_cut_off_episode_again(tmp_path: Path) -> None:
    worker = job(tmp_path, "base_eval", worker=2)
    fresh = worker.plan()
    record(worker, "eval", (2, Outcome.SUCCESS), (2, Outcome.ABORTED))
    plan = worker.plan()
    assert (fresh.episodes, plan.episodes) == (3, 2)
    assert (plan.first_episode_id, plan.first_seed) == (2, fresh.first_seed + 1)
    assert (plan.teleop_allowed, plan.explore) == (False, False)
    assert job(tmp_path, "base_eval", worker=1).plan().episodes == 2
    assert job(tmp_path, "final_eval", worker=2).plan().episodes == 3


def seeds(plan: EpisodePlan) -> set[int]:
    return set(range(plan.first_seed, plan.first_seed + 50_000))


def test_no_start_is_shared_between_stages_or_sessions(tmp_path: Path) -> None:
    plans = [job(tmp_path, s, seed=n).plan() for s in ("demos", "online", "base_eval") for n in (2, 3)]
    together: set[int] = set().union(*map(seeds, plans))
    assert len(together) == 50_000 * len(plans)
    assert job(tmp_path, "final_eval", seed=2).plan().first_seed == plans[4].first_seed  # the same starts
