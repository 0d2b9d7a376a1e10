"""The breaker opens after failures in a row, rests, and tries one question."""

from __future__ import annotations

import pytest

from policies.rewards.vlm.breaker import Breaker, BreakerState


class FakeClock:
    """Seconds that a test moves on."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def breaker(clock: FakeClock) -> Breaker:
    return Breaker(failures=2, rest_s=10.0, now_s=clock)


def opened(breaker: Breaker) -> None:
    for _ in range(2):
        assert breaker.admit()
        breaker.failed()


def test_a_success_in_between_starts_the_count_again(breaker: Breaker) -> None:
    for _ in range(3):
        breaker.failed()
        breaker.succeeded()
    assert breaker.state is BreakerState.CLOSED
    assert breaker.admit()


def test_open_lets_nothing_through_until_it_has_rested(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    assert (breaker.state, breaker.rest_left_s) == (BreakerState.OPEN, 10.0)
    clock.now_s += 9.9
    assert not breaker.admit()
    clock.now_s += 0.2
    assert (breaker.state, breaker.rest_left_s) == (BreakerState.HALF_OPEN, 0.0)
    assert [breaker.admit(), breaker.admit()] == [True, False]


def test_half_open_closes_with_a_success(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    clock.now_s += 11
    assert breaker.admit()
    breaker.succeeded()
    assert [breaker.admit(), breaker.admit()] == [True, True]


def test_half_open_opens_with_one_failure_for_a_whole_rest(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    clock.now_s += 11
    assert breaker.admit()
    breaker.failed()
    assert (breaker.admit(), breaker.rest_left_s) == (False, 10.0)


def test_a_try_that_was_given_up_leaves_room_for_another(breaker: Breaker, clock: FakeClock) -> None:
    opened(breaker)
    clock.now_s += 11
    assert breaker.admit()
    breaker.abandoned()
    assert breaker.admit()
