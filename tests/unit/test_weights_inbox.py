"""Weights on a running policy: checked beside it, taken between two ticks, refused without touching it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from policies.weights_inbox import WeightsInbox
from robot.core.errors import WeightsRefused
from robot.core.types import Array, Observation, Weights


@dataclass(frozen=True)
class FakeReady:
    version: int


class FakeCorrection:
    """Acts with its version number; refuses payload b"bad"; a gate holds its loading back."""

    def __init__(self) -> None:
        self.version = 1
        self.gate, self.loaded = threading.Event(), threading.Semaphore(0)
        self.gate.set()

    def load(self, weights: Weights) -> FakeReady:
        self.gate.wait(5)
        self.loaded.release()
        if weights.payload == b"bad":
            raise WeightsRefused(f"weights {weights.version} refused: bad payload")
        return FakeReady(weights.version)

    def swap(self, ready: FakeReady) -> None:
        self.version = ready.version

    def drop(self) -> None:
        """Nothing to forget."""

    def act(
        self,
        observation: Observation,
        base_action: Array,
        seed: int | None = None,
        previous_action: Array | None = None,
    ) -> Array:
        return np.full(2, self.version, np.float32)


def weights(version: int, payload: bytes = b"good") -> Weights:
    return Weights(version, 0, "rig", payload, "")


@pytest.fixture
def correction() -> FakeCorrection:
    return FakeCorrection()


@pytest.fixture
def threaded(correction: FakeCorrection) -> Iterator[WeightsInbox]:
    inbox = WeightsInbox(correction, threaded=True)
    yield inbox
    correction.gate.set()
    inbox.close()


def acts_with(correction: FakeCorrection) -> float:
    return float(correction.act(Observation(0, {}), np.zeros(2, np.float32))[0])


def test_nothing_changes_before_the_actor_takes(correction: FakeCorrection) -> None:
    inbox = WeightsInbox(correction, threaded=False)
    assert not inbox.take()
    inbox.offer(weights(2))
    assert acts_with(correction) == 1
    assert (inbox.take(), acts_with(correction), inbox.take()) == (True, 2, False)


def test_only_the_newest_is_taken_and_an_old_version_never(correction: FakeCorrection) -> None:
    inbox = WeightsInbox(correction, threaded=False)
    inbox.offer(weights(3))
    inbox.offer(weights(5))
    assert (inbox.take(), correction.version) == (True, 5)
    for old in (4, 5):
        inbox.offer(weights(old))
        assert (inbox.take(), correction.version) == (False, 5)


def test_a_refusal_is_counted_and_logged_and_acting_goes_on(
    correction: FakeCorrection, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = WeightsInbox(correction, threaded=False)
    inbox.offer(weights(2, b"bad"))
    assert (inbox.take(), acts_with(correction), inbox.refused) == (False, 1, 1)
    assert "bad payload" in inbox.last_refusal
    assert "weights 2 refused: bad payload; version 1 keeps acting" in caplog.text
    inbox.offer(weights(3))
    assert (inbox.take(), acts_with(correction)) == (True, 3)


def test_offering_never_waits_for_the_check(correction: FakeCorrection, threaded: WeightsInbox) -> None:
    correction.gate.clear()
    threaded.offer(weights(2))
    assert (threaded.take(), acts_with(correction)) == (False, 1)
    correction.gate.set()
    threaded.close()  # returns once everything offered was checked
    assert (threaded.take(), acts_with(correction)) == (True, 2)


def test_the_thread_outlives_a_refusal(correction: FakeCorrection, threaded: WeightsInbox) -> None:
    threaded.offer(weights(2, b"bad"))
    threaded.offer(weights(3))
    threaded.close()
    assert (threaded.refused, threaded.take(), acts_with(correction)) == (1, True, 3)


def test_no_check_starts_during_a_tick() -> None:
    correction = FakeCorrection()
    inbox = WeightsInbox(correction, threaded=True)
    inbox.tick_begins()
    inbox.offer(weights(2))
    assert not correction.loaded.acquire(timeout=0.1)
    inbox.tick_ends()
    assert correction.loaded.acquire(timeout=5)
    inbox.close()
    assert inbox.take()
