"""The update-to-data set-point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.replay.limiter import UpdateRatio
from robot.core.errors import ConfigError


@pytest.mark.parametrize(
    ("steps", "done", "due"),
    [(0, 0, 0), (100, 0, 0), (101, 0, 2), (110, 0, 20), (110, 15, 5), (110, 20, 0), (110, 30, 0)],
)
def test_due_after_the_warm_up(steps: int, done: int, due: int) -> None:
    assert UpdateRatio(utd=2, warmup_steps=100).updates_due(steps, done) == due


def test_a_ratio_below_one_is_exact() -> None:
    assert UpdateRatio(utd=0.1, warmup_steps=0).updates_due(30, 0) == 3


@given(st.floats(0.05, 20), st.integers(0, 50), st.lists(st.integers(0, 9), max_size=30))
def test_doing_what_is_due_keeps_the_ratio(utd: float, warmup: int, arrivals: list[int]) -> None:
    ratio, steps, done = UpdateRatio(utd, warmup), 0, 0
    for arrived in arrivals:
        steps += arrived
        done += ratio.updates_due(steps, done)
        assert abs(done - max(0, steps - warmup) * utd) < 1


def test_every_bad_setting_is_named() -> None:
    with pytest.raises(ConfigError, match=r"(?s)utd.*warmup_steps"):
        UpdateRatio(utd=0, warmup_steps=-1)
