"""Whether the fingers stand still around something."""

from __future__ import annotations

from policies.rewards.tracking.grip import Grip


def closed(widths_mm: list[float], already: bool = False) -> list[bool]:
    grip = Grip(already)
    return [grip.closed(w / 1000) for w in widths_mm]


def test_fingers_that_stopped_on_something_are_closed() -> None:
    assert closed([80, 80, 60, 40.2, 40, 40]) == [False, False, False, False, True, True]


def test_fingers_that_met_or_open_are_not() -> None:
    assert closed([80, 40, 1, 0.5, 0.5]) == [False] * 5
    assert closed([80, 40, 40, 60, 80, 80]) == [False, False, True, False, False, False]


def test_something_in_the_hand_from_the_start_is_held_until_the_fingers_move() -> None:
    assert closed([40, 40, 39.5], already=True) == [True] * 3
    assert closed([40, 60, 60], already=True) == [True, False, False]
    assert closed([40, 40]) == [False, False]
