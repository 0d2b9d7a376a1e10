"""The hand's thread: newest width wins, a thing in the way is held with force, an error is a fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from robot.arms.franka_hand import FrankaHand
from tests.sdk.waiting import wait_for


class FakeVendorError(Exception):
    """What the fake's bindings raise."""


@dataclass
class FakeHand:
    """Fingers that move at once, and stop at `thing_m`."""

    thing_m: float = 0.0
    broken: bool = False
    width: float = 0.08
    max_width: float = 0.08
    is_grasped: bool = False
    calls: list[tuple[str, float]] = field(default_factory=list)

    def read_once(self) -> FakeHand:
        time.sleep(0.002)
        if self.broken:
            raise FakeVendorError("connection closed")
        return self

    def move(self, width: float, speed: float) -> bool:
        self.calls.append(("move", width))
        self.width, self.is_grasped = max(width, self.thing_m), False
        return self.width == width

    def grasp(self, width: float, speed: float, force: float, inner: float, outer: float) -> bool:
        self.calls.append(("grasp", force))
        self.is_grasped = True
        return True


@pytest.fixture
def make() -> Iterator[Callable[[FakeHand], FrankaHand]]:
    made: list[FrankaHand] = []

    def start(fake: FakeHand) -> FrankaHand:
        made.append(FrankaHand(fake, FakeVendorError, speed_mps=0.1, force_n=15.0))
        return made[-1]

    yield start
    for hand in made:
        hand.close()


def test_a_thing_in_the_way_is_grasped_once_and_let_go(make: Callable[[FakeHand], FrankaHand]) -> None:
    fake = FakeHand(thing_m=0.03)
    hand = make(fake)
    hand.go(0.0)
    wait_for(lambda: hand.is_grasped)
    hand.go(0.01)  # narrower than what it holds: nothing to do
    hand.go(0.08)
    wait_for(lambda: not hand.is_grasped)
    assert fake.calls == [("move", 0.0), ("grasp", 15.0), ("move", 0.08)]


def test_free_fingers_only_move_and_the_stroke_is_kept(make: Callable[[FakeHand], FrankaHand]) -> None:
    fake = FakeHand()
    hand = make(fake)
    hand.go(0.02)
    wait_for(lambda: hand.width_m == 0.02)
    hand.go(0.0201)  # not worth a command
    hand.go(0.5)
    wait_for(lambda: hand.width_m == 0.08)
    assert fake.calls == [("move", 0.02), ("move", 0.08)]


def test_an_error_of_the_hand_is_a_fault(make: Callable[[FakeHand], FrankaHand]) -> None:
    fake = FakeHand()
    hand = make(fake)
    assert hand.fault == ""
    fake.broken = True
    wait_for(lambda: "connection closed" in hand.fault)
