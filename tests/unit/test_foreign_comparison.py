"""What the comparison counts: demonstrations, looks, the table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.foreign.demonstrations import demonstrate, load, save
from benchmarks.foreign.environment import Transition
from benchmarks.foreign.gym_environment import GymEnvironment
from benchmarks.foreign.pick_expert import CLOSE, OPEN, Layout, PickExpert, Stage
from benchmarks.foreign.practice import Budget, first_at, practise
from benchmarks.foreign.report import table
from benchmarks.foreign.task import ForeignTask
from robot.core.errors import StoreError
from robot.core.types import Array
from tests.unit.fake_gym import FakeGym

LIMIT = 10


def make() -> GymEnvironment:
    return GymEnvironment(FakeGym(), lambda raw, info: info["near"], LIMIT)


class FakeExpert:
    """Goes to the goal, or on every other episode of a bad one nowhere."""

    def __init__(self, good: bool) -> None:
        self._good = good

    def act(self, state: Array) -> Array:
        return np.clip((state[:1] - state[1:]) / 0.2, -1, 1) * self._good


def fake_task(share: float) -> ForeignTask:
    return ForeignTask("toy", make, lambda rng: FakeExpert(rng.random() < share), "numpy", LIMIT)


def test_only_successes_become_demonstrations() -> None:
    kept = demonstrate(fake_task(0.6), 5, seed=0)
    assert sum(t.success for t in kept) == 5
    assert [t.success for t in kept] == [t.ends for t in kept]
    with pytest.raises(StoreError, match="succeeded 0 of 20 times, want 5"):
        demonstrate(fake_task(0.0), 5, seed=0)


def test_demonstrations_survive_their_file(tmp_path: Path) -> None:
    kept = demonstrate(fake_task(1.0), 3, seed=1)
    save(tmp_path / "toy.npz", kept)
    for a, b in zip(kept, load(tmp_path / "toy.npz"), strict=True):
        for name in vars(a):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


class FakeLearner:
    """Stays where it is until it has practised ``slow`` steps; then it knows the way."""

    def __init__(self, slow: int) -> None:
        self.settings: dict[str, object] = {"slow": slow}
        self._slow, self.seen, self.updates, self.looked = slow, [], 0, 0

    def act(self, state: Array, explore: bool) -> Array:
        self.looked += not explore
        return FakeExpert(self.updates >= self._slow).act(state)

    def record(self, transition: Transition) -> None:
        self.seen.append(transition)

    def update(self) -> None:
        self.updates += 1


def test_practice_counts_only_practice() -> None:
    learner = FakeLearner(slow=40)
    result = practise(make(), learner, Budget(200, 50, 4, 6), seed=2)
    assert len(learner.seen) == learner.updates == result["online_steps"] == 200
    assert result["looks"][0]["successes"] == 4
    assert result["steps_to_90"] == result["looks"][0]["step"] >= 50
    assert result["final"] == {**result["final"], "step": 200, "successes": 6, "episodes": 6}
    assert result["practice"][:4] == [[10, 0], [20, 0], [30, 0], [40, 0]]
    after = [t.state for before, t in zip(learner.seen, learner.seen[1:], strict=False) if before.ends]
    assert all(state[1] == 0.0 for state in after), "an episode must begin at its reset"


def test_ninety_percent_of_a_look() -> None:
    looks = [{"step": 10, "successes": 17, "episodes": 20}, {"step": 20, "successes": 18, "episodes": 20}]
    assert first_at(looks, 0.9) == 20
    assert first_at(looks[:1], 0.9) is None


def test_the_expert_goes_through_its_stages() -> None:
    layout = Layout(tcp=slice(0, 3), thing=slice(3, 6), action_size=5, step_m=0.05)
    stages = (
        Stage((0, 0, 0.1), OPEN),
        Stage((0, 0, 0), CLOSE, stay_steps=3),
        Stage((0.1, 0, 0.4), OPEN, True),
    )
    expert = PickExpert(layout, stages, np.random.default_rng(0))
    tcp, thing, grips = np.zeros(3), np.array([0.3, 0.2, 0.0]), []
    for _ in range(200):
        action = expert.act(np.concatenate([tcp, thing]).astype(np.float32))
        tcp = tcp + 0.05 * action[:3]
        grips.append(action[4])
    assert np.abs(tcp - [0.1, 0, 0.4]).max() < 0.05
    changes = [a for a, b in zip(grips, [*grips[1:], 9], strict=True) if a != b]
    assert changes == [OPEN, CLOSE, OPEN]
    assert grips.count(CLOSE) >= 4


def test_the_table_says_what_was_not_reached() -> None:
    final = {"step": 10, "successes": 5, "episodes": 10, "steps_when_good": None}
    row = {"task": "toy", "learner": "x", "seed": 0, "online_steps": 10, "final": final, "steps_to_90": None}
    row |= {"practice_steps_to_90": 8, "learner_cpu_minutes": 1.0, "cpu_minutes": 2.0, "versions": {"a": "1"}}
    row |= {"date": "d", "machine": "m", "commit": "c", "budget": vars(Budget(10, 5, 2, 10))}
    text = table([row])
    assert "| toy | x | 0 | 10 | 50% | 24% to 76% | not reached | 8 | - | 1.0 | 2.0 |" in text
    assert "- d, m, commit c: a 1" in text
