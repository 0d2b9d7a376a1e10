"""When an actor's work is done."""

from __future__ import annotations

import pytest

from policies.plan import EpisodePlan, Progress
from robot.core.errors import ConfigError


@pytest.mark.parametrize(
    ("progress", "finished"),
    [
        (Progress(episodes=2, steps=50, successes=1), False),
        (Progress(episodes=3, steps=50, successes=1), True),
        (Progress(episodes=2, steps=100, successes=1), True),
        (Progress(episodes=2, steps=130, successes=1), True),
        (Progress(episodes=2, steps=50, successes=2), True),
        (Progress(attempts=9, episodes=2, steps=50, successes=1), False),
    ],
)
def test_the_first_budget_that_is_used_up_ends_the_plan(progress: Progress, finished: bool) -> None:
    plan = EpisodePlan("train", 0, 0, episodes=3, steps=100, successes=2)
    assert progress.finished(plan) is finished


def test_a_budget_of_nothing_is_done_and_a_missing_one_never_is() -> None:
    assert Progress().finished(EpisodePlan("eval", 0, 0, episodes=0))
    assert not Progress(episodes=10**6, steps=10**6).finished(EpisodePlan("demo", 0, 0, successes=1))


def test_a_plan_without_budget_is_refused() -> None:
    with pytest.raises(ConfigError, match="budget"):
        EpisodePlan("train", 0, 0)
